package pack

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/holdout"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/permute"
)

// An Input is an independent variable: a column of arrays of numbers that all have the same shape, or what Variable makes of columns.
type Input struct {
	// Column is the column of arrays, and the name of the variable in the packed table.
	Column   string
	Shape    []int
	Variable *features.Variable
}

// A Label is a dependent variable.
type Label struct {
	Column string
	// Width is the number of elements of a packed label: K and its padding.
	Width int
	// Keys are the Class.Key of the K classes, of rows or of the elements of arrays of Shape. nil: the column has arrays of Size numbers, which
	// are one-hot already, or the label is numeric.
	Keys [][]byte
	Size int
	// Numeric: a label is the number of its row, or the array of Size = Width numbers, as float32. Shape is that of the array where it has
	// several dimensions, or of an array of classes.
	Numeric bool
	Shape   []int `json:",omitempty"`
	// Weight: it is no label but the weight of the row, which must not be negative.
	Weight bool `json:",omitempty"`
}

// Held are rows that are held out, and their packed table.
type Held struct {
	holdout.Marks
	BufferSize int64
	Table      int
}

// A Plan says how rows become buffers. It can be encoded as JSON, and holds no secret.
type Plan struct {
	// Ref addresses the store, Source is the table that is read, for errors.
	Ref    string
	Source table.Name
	// Output is the table.Output whose table Table gets the buffers, with the schema of Schema.
	Output string
	Table  int
	// Scratch is the folder for rows that wait for their buffer, which all workers see; "": they travel through the pipeline.
	Scratch string
	// Portions: rows travel through an engine that takes little from a bundle, and gives all values of a key to one (package portions).
	Portions bool `json:",omitempty"`
	// Done is a box that says when all is written, for those who watch the workers meanwhile (portions.Watch); nil: nobody does.
	Done *collect.Box `json:",omitempty"`

	Rows, BufferSize, Shards int64
	// Keys are the keys of the shards, in ascending order; nil: 0, 1, 2, ...
	Keys []int32 `json:",omitempty"`
	// Held are the rows that make a second packed table, in their order; nil: there is none. Rows and what is said of them here, BufferSize
	// and Shuffle, are those of the others then.
	Held *Held `json:",omitempty"`
	// Shuffle moves row r to where a permutation with Seed takes it; else rows keep their places.
	Shuffle bool
	Seed    uint64

	Inputs []Input
	Labels []Label
	// Scale multiplies every feature; 1 leaves it as it is.
	Scale float32

	// GroupBytes is the aim for the bytes of a group, and of the rows that a reader collects in memory; 0: between 4 and 64
	// MB, so that there are at most about 512 groups. A group has at least one buffer.
	GroupBytes int64
}

// Scale is what features are multiplied by to divide them by a normalizing constant, as MADlib does: the reciprocal,
// rounded once to float32.
func Scale(constant float32) float32 {
	r, _ := new(big.Rat).Inv(new(big.Rat).SetFloat64(float64(constant))).Float32()
	return r
}

// Layout is that of the buffers.
func (p *Plan) Layout() buffer.Layout {
	var l buffer.Layout
	for _, in := range p.Inputs {
		l.Inputs = append(l.Inputs, buffer.Variable{Name: in.Column, Shape: in.Shape})
	}
	for _, out := range p.Labels {
		v := buffer.Variable{Name: out.Column, Shape: []int{out.Width}, Numeric: out.Numeric}
		switch {
		case out.Shape != nil && !out.Numeric:
			v.Shape = append(slices.Clone(out.Shape), out.Width)
		case out.Shape != nil:
			v.Shape = out.Shape
		}
		l.Labels = append(l.Labels, v)
	}
	return l
}

// Schema is that of the packed table.
func (p *Plan) Schema() table.Schema { return packed.Schema(p.Layout()) }

// Buffers is the number of buffers, of both tables where there are two.
func (p *Plan) Buffers() (n int64) {
	for _, t := range p.tables() {
		n += t.buffers()
	}
	return n
}

// TrainingBuffers is the number of buffers of the rows that are not held.
func (p *Plan) TrainingBuffers() int64 { return p.tables()[0].buffers() }

// A packedTable is one that the plan makes. Groups are numbered through all tables.
type packedTable struct {
	plan             *Plan
	table            int
	rows, bufferSize int64
	firstGroup       int64
}

// tables are the table of the training rows, and that of the held ones.
func (p *Plan) tables() []packedTable {
	all := []packedTable{{plan: p, table: p.Table, rows: p.Rows, bufferSize: p.BufferSize}}
	if h := p.Held; h != nil {
		_, rows := h.Counts()
		all = append(all, packedTable{plan: p, table: h.Table, rows: rows, bufferSize: h.BufferSize, firstGroup: all[0].groups()})
	}
	return all
}

// tableOf is the table of a group.
func (p *Plan) tableOf(group int64) packedTable {
	all := p.tables()
	if last := all[len(all)-1]; group >= last.firstGroup {
		return last
	}
	return all[0]
}

// groups is the number of groups of all tables.
func (p *Plan) groups() int64 {
	all := p.tables()
	last := all[len(all)-1]
	return last.firstGroup + last.groups()
}

func (t packedTable) buffers() int64 { return ceil(t.rows, t.bufferSize) }

// key is the key of the shard that buffer id is of.
func (t packedTable) key(id int64) int64 {
	shard := packed.ShardOf(id, t.buffers(), t.plan.Shards)
	if t.plan.Keys == nil {
		return shard
	}
	return int64(t.plan.Keys[shard])
}

// groupBuffers is the number of buffers of a group.
func (t packedTable) groupBuffers() int64 {
	return max(1, t.plan.groupBytes()/(t.bufferSize*int64(t.plan.recordBytes())))
}

// groupRows is the number of rows of a group; the last has what is left.
func (t packedTable) groupRows() int64 { return t.groupBuffers() * t.bufferSize }

// groups is the number of groups of the table.
func (t packedTable) groups() int64 { return ceil(t.rows, t.groupRows()) }

// Check reports buffers that no packed table can hold.
func (p *Plan) Check() error {
	for _, t := range p.tables() {
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

func (t packedTable) check() error {
	l := t.plan.Layout()
	err := l.Check(int(min(t.bufferSize, 1<<31)))
	if err == nil && l.RowBytes() > buffer.MaxBytes/int(t.bufferSize) {
		err = fmt.Errorf("%d rows need more than %d bytes", t.bufferSize, buffer.MaxBytes)
	}
	if err != nil {
		return fmt.Errorf("buffers of %d rows are too large (%w); the buffer size can be at most %d", t.bufferSize, err, buffer.MaxBytes/l.RowBytes())
	}
	if t.buffers() > 1<<31-1 {
		return fmt.Errorf("%d buffers are too many; raise the buffer size", t.buffers())
	}
	return nil
}

// The bounds of GroupBytes where it is not given. There are groups times readers Spilled at most, so the number of groups
// is bounded, but for tables beyond 32 GB.
const (
	maxGroups     = 512
	minGroupBytes = 4 << 20
	maxGroupBytes = 64 << 20
)

func (p *Plan) groupBytes() int64 {
	if p.GroupBytes > 0 {
		return p.GroupBytes
	}
	rows := p.Rows
	if p.Held != nil {
		rows = p.Held.Choice.Rows
	}
	return max(minGroupBytes, min(maxGroupBytes, rows*int64(p.recordBytes())/maxGroups))
}

// recordBytes is the length of a row that waits: its place in the group as uint32, then its elements.
func (p *Plan) recordBytes() int { return 4 + p.Layout().RowBytes() }

// A placer says where rows go, one after the other.
type placer struct {
	walk    *holdout.Walk // nil: no rows are held
	row     int64
	shuffle func(ordinal int64) int64 // of training rows, which follow each other
	// Per table.
	groupRows, firstGroup []int64
}

// placer begins at the first row of a partition.
func (p *Plan) placer(firstRow int64) (*placer, error) {
	to := &placer{row: firstRow, shuffle: func(row int64) int64 { return row }}
	if p.Shuffle {
		to.shuffle = permute.New(p.Rows, p.Seed, "preprocess").Sequence().At
	}
	for _, t := range p.tables() {
		to.groupRows, to.firstGroup = append(to.groupRows, t.groupRows()), append(to.firstGroup, t.firstGroup)
	}
	if p.Held == nil {
		return to, nil
	}
	var err error
	to.walk, err = p.Held.From(firstRow)
	return to, err
}

// next is the group of the next row, and its place there.
func (p *placer) next() (group, place int64) {
	held, at := false, p.row
	if p.row++; p.walk != nil {
		held, at = p.walk.Next()
	}
	kind := 0
	if held {
		kind = 1
	} else {
		at = p.shuffle(at)
	}
	return p.firstGroup[kind] + at/p.groupRows[kind], at % p.groupRows[kind]
}

// readOptions read the columns of the variables.
func (p *Plan) readOptions() table.ReadOptions {
	var reads features.Reads
	for _, in := range p.Inputs {
		if in.Variable == nil {
			reads.Array(in.Column)
		} else {
			reads.Variable(in.Variable)
		}
	}
	for _, out := range p.Labels {
		reads.Values(out.Column)
	}
	return reads.Options()
}
