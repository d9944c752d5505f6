package graph

import (
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Op is a fused operation. It implements gorgonia.Op and gorgonia.SDOp.
type Op struct {
	// Code names the operation; devices have a table of codes.
	Code string
	// Attr are its sizes and constants, a plain struct that belongs to the code; nil where there are none.
	Attr any
	// Layer is the name of the layer that it belongs to, for people; "" where it belongs to none.
	Layer string
	// In and Out are the shapes of the inputs and of the output.
	In  []tensor.Shape
	Out tensor.Shape
	// Side are the lengths of the side results.
	Side []int
	// SideInPlace are the indexes of the inputs that the side results, from the first on, may overwrite.
	SideInPlace []int
	// InPlace is the index of the input that the output may overwrite, or -1.
	InPlace int

	diff     []bool // which inputs have a gradient
	grad     gradient
	id       uint32
	sections *sections
	eval     Evaluator
	side     [][]float32 // of the latest Do
}

// A gradient builds the gradients of an operation's inputs from the gradient of its output. It returns one node per
// input; nil where the input has none.
type gradient func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes

// An Evaluator computes one operation on row-major data. With it, Gorgonia's own machines can run a graph; a plan does
// not need it.
type Evaluator func(op *Op, in [][]float32, out []float32, side [][]float32) error

// Operations without arithmetic of their own.
const (
	// CodeReshape is its input under another shape.
	CodeReshape = "reshape"
	// CodeSide is a side result of its input; Attr is a SideAttr.
	CodeSide = "side"
	// CodeMeet is what all slices of a batch have for its input, one after the other in the order of the slices: it is ready when
	// all of them have come so far. The input has no other reader.
	CodeMeet = "meet"
)

// A SideAttr says which side result of the input a CodeSide node is.
type SideAttr struct{ Index int }

// CodeAdd is the element-wise sum of two inputs, which gorgonia.Grad inserts where a value is used more than once.
const CodeAdd = "add"

// Arity is the number of inputs.
func (o *Op) Arity() int { return len(o.In) }

// Type is the function type of the operation. All types are concrete: type variables do not unify when an input or
// the result is a scalar.
func (o *Op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.In)+1)
	for _, s := range o.In {
		types = append(types, typeOf(s))
	}
	return hm.NewFnType(append(types, typeOf(o.Out))...)
}

func typeOf(s tensor.Shape) hm.Type {
	if s.Dims() == 0 {
		return gorgonia.Float32
	}
	return gorgonia.TensorType{Dims: s.Dims(), Of: gorgonia.Float32}
}

// InferShape is Out, which was computed when the operation was made.
func (o *Op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.Out.Clone(), nil }

// Do computes the operation with the graph's Evaluator.
func (o *Op) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	if o.eval == nil {
		return nil, fmt.Errorf("graph: %v was built without an evaluator", o)
	}
	in := make([][]float32, len(values))
	for i, v := range values {
		in[i] = floats(v)
	}
	out := make([]float32, o.Out.TotalSize())
	o.side = make([][]float32, len(o.Side))
	for i, n := range o.Side {
		o.side[i] = make([]float32, n)
	}
	if err := o.eval(o, in, out, o.side); err != nil {
		return nil, err
	}
	return tensor.New(tensor.WithShape(o.Out...), tensor.WithBacking(out)), nil
}

func floats(v gorgonia.Value) []float32 {
	if s, ok := v.(*gorgonia.F32); ok {
		return []float32{float32(*s)}
	}
	return v.Data().([]float32)
}

// ReturnsPtr, CallsExtern and OverwritesInput tell Gorgonia's machines that Do returns fresh memory.
func (o *Op) ReturnsPtr() bool { return false }

// CallsExtern is false.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput is -1: Do overwrites nothing.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash writes the identity of the operation. Gorgonia takes nodes with equal hashes for one node without
// comparing their inputs, so every Op of a graph has a hash of its own.
func (o *Op) WriteHash(h hash.Hash) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], o.id)
	_, _ = h.Write(b[:])
}

// Hashcode is unique within a graph.
func (o *Op) Hashcode() uint32 { return o.id }

// String is the code with its attributes.
func (o *Op) String() string {
	if o.Attr == nil {
		return o.Code
	}
	return fmt.Sprintf("%s%+v", o.Code, o.Attr)
}

// DiffWRT tells which inputs have a gradient.
func (o *Op) DiffWRT(inputs int) []bool {
	if o.diff == nil {
		return make([]bool, inputs)
	}
	return o.diff
}

// SymDiff builds the gradients of the inputs.
func (o *Op) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.grad == nil {
		return nil, fmt.Errorf("graph: %v has no gradient", o)
	}
	return o.sections.allHere(o.grad(o.sections.allOrigins(in), out, o.sections.origin(grad))), nil
}

// A foreign operation of Gorgonia's, by its String, that has a code of ours.
var foreign = map[string]string{"+ false": CodeAdd}

// CodeOf is the code and the Op of a node; op is nil for an operation of Gorgonia's own. ok is false for an input and
// for an operation that has no code.
func CodeOf(n *gorgonia.Node) (code string, op *Op, ok bool) {
	switch o := n.Op().(type) {
	case nil:
		return "", nil, false
	case *Op:
		return o.Code, o, true
	default:
		code, ok = foreign[o.String()]
		return code, nil, ok
	}
}
