package onnx

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

// outside is what a softmax takes for what a mask excludes: so far below any number that its exponential is 0.
const outside = -1e30

// alongRows is an operator over the last dimension.
func alongRows(op string) func(l *lowering, a graph.RowsAttr, in instr) value {
	return func(l *lowering, _ graph.RowsAttr, in instr) value { return l.overLastDim(op, in.in[0]) }
}

func (l *lowering) overLastDim(op string, v value) value {
	v = l.asStored(v)
	return v.with(l.add(op, v.t.dims, v.t).attr("axis", v.at[len(v.at)-1]).out)
}

// below is 1 where a column is at most as far as the row, of matrices with queries rows.
func (l *lowering) below(queries, n int, shape []dim) value {
	values := make([]float32, queries*n)
	for q := range queries {
		for k := range min(q+1, n) {
			values[q*n+k] = 1
		}
	}
	t := l.array(values, queries, n)
	dims := make([]dim, len(shape))
	for i := range dims {
		dims[i] = one
	}
	dims[len(dims)-2], dims[len(dims)-1] = dim{n: queries}, dim{n: n}
	return value{l.reshape(t, dims), upTo(len(dims)), shape}
}

// where is x where a mask is not 0, else a number.
func (l *lowering) where(mask, x value, otherwise float64) value {
	order := upTo(len(x.shape))
	m := l.stored(mask, order)
	counts := l.add("Cast", m.dims, m).attr("to", boolType).out
	t := l.plain(x)
	return straight(l.node("Where", t.dims, counts, t, l.float(float32(otherwise))))
}

// boolType is the number of truth values among the types of elements.
const boolType = 9

func causalSoftmax(l *lowering, a graph.CausalAttr, in instr) value {
	x := in.in[0]
	return l.overLastDim("Softmax", l.where(l.below(a.Queries, a.N, x.shape), x, outside))
}

// maskedSoftmax is a softmax whose mask has no heads.
func maskedSoftmax(l *lowering, s *kernels.MaskedSoftmaxShape, in instr) value {
	heads := []dim{in.in[1].shape[0], {n: s.Heads}, {n: s.Queries}, {n: s.N}}
	x := l.reshaped(in.in[0], heads)
	mask := l.reshaped(in.in[1], []dim{heads[0], one, heads[2], heads[3]})
	if s.Causal {
		mask = l.both("Mul", mask, l.below(s.Queries, s.N, mask.shape))
	}
	mask.shape = heads
	y := l.overLastDim("Softmax", l.where(mask, x, outside))
	if s.EmptyIsZero {
		y = l.both("Mul", y, mask)
	}
	return l.reshaped(y, in.out)
}

// mask is 1 for rows with an element that is not Value.
func mask(l *lowering, a graph.MaskAttr, in instr) value {
	rows := total(in.in[0].shape)
	rows.n /= a.N
	x := l.reshaped(in.in[0], []dim{rows, {n: a.N}})
	differs := l.cast(l.each("Not", l.each("Equal", x, l.float(a.Value))), floatType)
	return l.reshaped(l.reduce("ReduceMax", differs, 1), in.out)
}

// maskRows is x with zeros in the rows that a mask excludes.
func maskRows(l *lowering, a graph.RowsAttr, in instr) value {
	rows := total(in.in[1].shape)
	x := l.reshaped(in.in[0], []dim{rows, {n: a.N}})
	m := l.reshaped(in.in[1], []dim{rows, one})
	m.shape = x.shape
	return l.reshaped(l.where(m, x, 0), in.out)
}

// maskedMean is the mean of the steps that count.
func maskedMean(l *lowering, a graph.MaskedMeanAttr, in instr) value {
	steps := in.in[0].shape
	m := l.reshaped(in.in[1], []dim{steps[0], steps[1], one})
	count := l.reduce("ReduceSum", m, 1)
	m.shape = steps
	sum := l.reduce("ReduceSum", l.where(m, in.in[0], 0), 1)
	count.shape = sum.shape
	return l.reshaped(l.both("Div", sum, count), in.out)
}
