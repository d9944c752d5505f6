package onnx

import (
	"github.com/beamfit/beamfit/model/graph"
)

// batchNorm normalises by given statistics over the last dimension, which is the tensor's second where images have their channels first.
func batchNorm(l *lowering, a graph.BatchNormAttr, in instr) value {
	x := l.asStored(in.in[0])
	last := len(x.shape) - 1
	var y *tensor
	operands := []*tensor{x.t}
	inPlace := last > 0 && x.at[0] == 0 && x.at[last] == 1
	if !inPlace {
		rows := total(x.shape)
		rows.n /= a.C
		operands[0] = l.plain(l.reshaped(x, []dim{rows, {n: a.C}}))
	}
	rest := in.in[1:]
	for i, given := range []bool{a.Scale, a.Center} {
		if given {
			operands = append(operands, l.plain(rest[0]))
			rest = rest[1:]
			continue
		}
		same := make([]float32, a.C)
		for j := range same {
			same[j] = float32(1 - i)
		}
		operands = append(operands, l.array(same, a.C))
	}
	operands = append(operands, l.plain(rest[0]), l.plain(rest[1]))
	y = l.add("BatchNormalization", operands[0].dims, operands...).attr("epsilon", float32(a.Epsilon)).out
	if inPlace {
		return x.with(y)
	}
	return l.reshaped(straight(y), in.out)
}

// lastDims is how many dimensions at the end have n elements.
func lastDims(shape []dim, n int) int {
	count, size := 0, 1
	for i := len(shape) - 1; i >= 0 && size < n; i-- {
		size *= shape[i].n
		count++
	}
	return max(count, 1)
}

// standardise is a layer normalisation without weights.
func standardise(l *lowering, a graph.NormAttr, in instr) value {
	x := l.plain(in.in[0])
	first := len(x.dims) - lastDims(x.dims, a.N)
	ones := make([]float32, a.N)
	for i := range ones {
		ones[i] = 1
	}
	n := l.add("LayerNormalization", x.dims, x, l.array(ones, sizesOf(x.dims[first:])...))
	return straight(n.attr("axis", first).attr("epsilon", float32(a.Epsilon)).out)
}

// rms is x/√(mean(x²) + Epsilon).
func rms(l *lowering, a graph.NormAttr, in instr) value {
	x := in.in[0]
	mean := l.overLast("ReduceMean", l.both("Mul", x, x), a.N)
	return l.both("Div", x, l.each("Sqrt", l.number("Add", mean, a.Epsilon)))
}

// unit is x/max(√(Σx²), Epsilon).
func unit(l *lowering, a graph.NormAttr, in instr) value {
	x := in.in[0]
	norm := l.number("Max", l.overLast("ReduceL2", x, a.N), a.Epsilon)
	return l.both("Div", x, norm)
}

// overLast is one number for the last n elements of a row, which stands for all of them.
func (l *lowering) overLast(op string, v value, n int) value {
	var axes []int
	for i := len(v.shape) - lastDims(v.shape, n); i < len(v.shape); i++ {
		axes = append(axes, i)
	}
	y := l.reduce(op, v, axes...)
	y.shape = v.shape
	return y
}
