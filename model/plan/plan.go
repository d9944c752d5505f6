package plan

import "fmt"

// A Space is one of the kinds of memory that instructions work on.
type Space uint8

// The spaces; see the package comment.
const (
	Weights Space = iota
	Grads
	Slots
	Batch
	Work
	Shared
	numSpaces
)

// String is the space's name.
func (s Space) String() string {
	return [...]string{"weights", "grads", "slots", "batch", "work", "shared"}[s]
}

// A Ref is a place: Len float32 at offset Off of a space.
type Ref struct {
	Space    Space
	Off, Len int
}

// String is the place as space[from:to].
func (r Ref) String() string { return fmt.Sprintf("%v[%d:%d]", r.Space, r.Off, r.Off+r.Len) }

// Sizes are the lengths of the spaces in float32.
type Sizes [numSpaces]int

// Max is large enough for both.
func (s Sizes) Max(t Sizes) Sizes {
	for i := range s {
		s[i] = max(s[i], t[i])
	}
	return s
}

// An Instr is one instruction. Out may be the same place as one of In, where graph.Op.InPlace allows it, and so may one of
// Side by SideInPlace. Out is also the new value's place where a weight is replaced. Scratch is memory for the device's use
// during the instruction.
type Instr struct {
	Code string
	// Attr are the operation's sizes and constants, plain data whose type belongs to Code; nil: none.
	Attr    any
	In      []Ref
	Out     Ref
	Side    []Ref
	Scratch Ref
	// Held: nothing is done in a step whose gradients are added up only (optimizer.Scalars.Hold).
	Held bool
	// Shapes are those of In and then of Out, for people; nil: arrays of one dimension.
	Shapes [][]int
	// Layer is the name of the layer that the instruction belongs to, for people; "" where it belongs to none.
	Layer string
}

// A Plan is what one step does. Slices of places are in the order of Spec.Inputs and Spec.Outputs.
type Plan struct {
	// Batch is the number of rows of a step.
	Batch  int
	Instrs []Instr
	// Meetings are the instructions, by their indexes in order, before which all slices of a batch must have come so far; Once is
	// the one from which on they are done for one slice only, after the last meeting. A plan for a whole batch has neither: none,
	// and len(Instrs).
	Meetings []int
	Once     int
	Sizes    Sizes
	// Values is the length that Work would have if no two values shared a place.
	Values int

	Inputs []Ref // B x shape
	Labels []Ref // B x K; none without losses
	Scales []Ref // B; none without losses

	Outputs   []Ref // B x shape; none in training
	RowLosses []Ref // B, or B x T where there is a mask; none in training or without losses
	Masks     []Ref // B x T, of Len 0 where all steps of an output count; none in training or without losses

	// RowPenalties are penalties of layers' results, B each; none in training or without losses.
	RowPenalties []Ref

	RowMetrics [][]Ref // like RowLosses, per output and metric; none in training or without metrics
}
