package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// whole is the number of rows of the batch that the graph's rows are a slice of.
func (b *builder) whole() int {
	if b.o.Whole > 0 {
		return b.o.Whole
	}
	return b.o.Batch
}

// ofWhole is the number of rows that a matrix has for the whole batch, from that for the graph's rows.
func (b *builder) ofWhole(rows int) int { return rows / b.o.Batch * b.whole() }

// meet is a value of all slices of the batch; see CodeMeet.
func (b *builder) meet(own *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeMeet, Out: tensor.Shape{b.g.Slices * own.Shape().TotalSize()}, InPlace: -1}, own)
}
