package pack

import (
	"fmt"
	"math/big"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/features"
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
	// Keys are the Class.Key of the K classes. nil: the column has arrays of Size numbers, which are one-hot already, or the label
	// is numeric.
	Keys [][]byte
	Size int
	// Numeric: a label is the number of its row, or the array of Size = Width numbers, as float32. Shape is that of the array where it has
	// several dimensions.
	Numeric bool
	Shape   []int `json:",omitempty"`
	// Weight: it is no label but the weight of the row, which must not be negative.
	Weight bool `json:",omitempty"`
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

	Rows, BufferSize, Shards int64
	// Keys are the keys of the shards, in ascending order; nil: 0, 1, 2, ...
	Keys []int32 `json:",omitempty"`
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
		if out.Shape != nil {
			v.Shape = out.Shape
		}
		l.Labels = append(l.Labels, v)
	}
	return l
}

// Schema is that of the packed table.
func (p *Plan) Schema() table.Schema { return packed.Schema(p.Layout()) }

// key is the key of the shard that buffer id is of.
func (p *Plan) key(id int64) int64 {
	shard := packed.ShardOf(id, p.Buffers(), p.Shards)
	if p.Keys == nil {
		return shard
	}
	return int64(p.Keys[shard])
}

// Buffers is the number of buffers.
func (p *Plan) Buffers() int64 { return ceil(p.Rows, p.BufferSize) }

// Check reports buffers that no packed table can hold.
func (p *Plan) Check() error {
	l := p.Layout()
	err := l.Check(int(min(p.BufferSize, 1<<31)))
	if err == nil && l.RowBytes() > buffer.MaxBytes/int(p.BufferSize) {
		err = fmt.Errorf("%d rows need more than %d bytes", p.BufferSize, buffer.MaxBytes)
	}
	if err != nil {
		return fmt.Errorf("buffers of %d rows are too large (%w); the buffer size can be at most %d", p.BufferSize, err, buffer.MaxBytes/l.RowBytes())
	}
	if p.Buffers() > 1<<31-1 {
		return fmt.Errorf("%d buffers are too many; raise the buffer size", p.Buffers())
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
	return max(minGroupBytes, min(maxGroupBytes, p.Rows*int64(p.recordBytes())/maxGroups))
}

// groupBuffers is the number of buffers of a group.
func (p *Plan) groupBuffers() int64 {
	return max(1, p.groupBytes()/(p.BufferSize*int64(p.recordBytes())))
}

// groupRows is the number of rows of a group; the last has what is left.
func (p *Plan) groupRows() int64 { return p.groupBuffers() * p.BufferSize }

// groups is the number of groups.
func (p *Plan) groups() int64 { return ceil(p.Rows, p.groupRows()) }

// recordBytes is the length of a row that waits: its place in the group as uint32, then its elements.
func (p *Plan) recordBytes() int { return 4 + p.Layout().RowBytes() }

// positions is the function that says where the rows go.
func (p *Plan) positions() func(row int64) int64 {
	if !p.Shuffle {
		return func(row int64) int64 { return row }
	}
	return permute.New(p.Rows, p.Seed, "preprocess").At
}

// readOptions read the columns of the variables.
func (p *Plan) readOptions() table.ReadOptions {
	var opt table.ReadOptions
	seen := map[string]bool{}
	add := func(column string) {
		if !seen[column] {
			seen[column] = true
			opt.Columns = append(opt.Columns, column)
		}
	}
	for _, in := range p.Inputs {
		if in.Variable == nil {
			add(in.Column)
			opt.Float32 = append(opt.Float32, in.Column)
			continue
		}
		for _, column := range in.Variable.Reads() {
			add(column)
		}
	}
	for _, out := range p.Labels {
		add(out.Column)
	}
	return opt
}
