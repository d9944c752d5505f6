package onnx

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

func permute(_ *lowering, a *graph.PermuteAttr, in instr) value { return in.in[0].permuted(a.From) }

func broadcast(_ *lowering, _ *graph.BroadcastAttr, in instr) value {
	return value{in.in[0].t, in.in[0].at, in.out}
}

// sumTo sums over the dimensions in which the result is 1.
func sumTo(l *lowering, _ *graph.BroadcastAttr, in instr) value {
	var axes []int
	for i, d := range in.in[0].shape {
		if d != in.out[i] {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return in.in[0]
	}
	return l.reduce("ReduceSum", in.in[0], axes...)
}

// reduce is an operator that makes one element of some dimensions, which stay as 1.
func (l *lowering) reduce(op string, v value, axes ...int) value {
	v = l.asStored(v)
	dims, shape := slices.Clone(v.t.dims), slices.Clone(v.shape)
	places := make([]int, len(axes))
	for i, axis := range axes {
		places[i] = v.at[axis]
		dims[places[i]], shape[axis] = one, one
	}
	slices.Sort(places)
	var n *node
	if op == "ReduceSum" { // the only one whose axes are an input in this opset
		numbers := make([]int64, len(places))
		for i, p := range places {
			numbers[i] = int64(p)
		}
		n = l.add(op, dims, v.t, l.whole64(numbers...))
	} else {
		n = l.add(op, dims, v.t).attr("axes", places)
	}
	return value{n.attr("keepdims", 1).out, v.at, shape}
}

// slice is a range of a dimension.
func (l *lowering) slice(v value, axis, from, to int) value {
	if from == 0 && v.shape[axis] == (dim{n: to}) {
		return v
	}
	v = l.asStored(v)
	dims, shape := slices.Clone(v.t.dims), slices.Clone(v.shape)
	dims[v.at[axis]], shape[axis] = dim{n: to - from}, dim{n: to - from}
	at := l.whole64(int64(v.at[axis]))
	return value{l.node("Slice", dims, v.t, l.whole64(int64(from)), l.whole64(int64(to)), at), v.at, shape}
}

// reverse turns the first dimension around.
func reverse(l *lowering, _ graph.RowsAttr, in instr) value {
	v := l.asStored(in.in[0])
	back := l.whole64(-1)
	return v.with(l.node("Slice", v.t.dims, v.t, back, l.whole64(math.MinInt64), l.whole64(int64(v.at[0])), back))
}

// concat joins along the dimension in which the result differs from the inputs.
func concat(l *lowering, _ *graph.ConcatAttr, in instr) value {
	axis := 0
	for i, d := range in.out {
		if d != in.in[0].shape[i] {
			axis = i
		}
	}
	if len(in.in) == 1 {
		return in.in[0]
	}
	like := in.in[0]
	for _, v := range in.in {
		if !v.t.constant() {
			like = v
			break
		}
	}
	order := like.order()
	var parts []*tensor
	for _, v := range in.in {
		parts = append(parts, l.whole(v, order))
	}
	dims := make([]dim, len(order))
	for i, d := range order {
		dims[i] = in.out[d]
	}
	return value{l.add("Concat", dims, parts...).attr("axis", like.at[axis]).out, like.at, in.out}
}

// part is a range of the columns of a matrix.
func part(l *lowering, a *graph.ConcatAttr, in instr) value {
	from, width := 0, 0
	for i, w := range a.Widths {
		if i < a.Part {
			from += w
		}
		width += w
	}
	rows := total(in.in[0].shape)
	rows.n /= width
	matrix := l.reshaped(in.in[0], []dim{rows, {n: width}})
	return l.reshaped(l.slice(matrix, 1, from, from+a.Widths[a.Part]), in.out)
}

// constant is an array, once for every row where the result depends on the batch.
func constant(l *lowering, a *graph.ConstantAttr, in instr) value {
	dims := slices.Clone(in.out)
	for i, d := range dims {
		if d.rows {
			dims[i] = one
		}
	}
	t := l.array(a.Values, sizesOf(dims)...)
	return value{t, upTo(len(dims)), in.out}
}

func fill(l *lowering, a graph.FillAttr, in instr) value { return l.filled(a.Value, in.out) }

// filled is one number throughout.
func (l *lowering) filled(v float32, shape []dim) value {
	t := l.array([]float32{v}, slices.Repeat([]int{1}, len(shape))...)
	return value{t, upTo(len(shape)), shape}
}

// frame cuts pixels off images and adds zeros around them.
func frame(l *lowering, s *kernels.FrameShape, in instr) value {
	v := in.in[0]
	var before, behind [4]int
	for i, f := range []struct{ shift, size, out int }{{s.Top, s.H, s.OH}, {s.Left, s.W, s.OW}} {
		axis := i + 1
		from, to := max(-f.shift, 0), min(f.size, f.out-f.shift)
		if from >= to {
			return l.filled(0, in.out)
		}
		v = l.slice(v, axis, from, to)
		before[axis] = max(f.shift, 0)
		behind[axis] = f.out - before[axis] - (to - from)
	}
	return l.pad(v, before[:], behind[:], in.out)
}

// pad adds zeros before and behind every dimension.
func (l *lowering) pad(v value, before, behind []int, shape []dim) value {
	if slices.Equal(v.shape, shape) {
		return v
	}
	v = l.asStored(v)
	sizes := make([]int64, 2*len(v.at))
	dims := make([]dim, len(v.at))
	for i, at := range v.at {
		sizes[at], sizes[len(v.at)+at], dims[at] = int64(before[i]), int64(behind[i]), shape[i]
	}
	return value{l.node("Pad", dims, v.t, l.whole64(sizes...)), v.at, shape}
}
