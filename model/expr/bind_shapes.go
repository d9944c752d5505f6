package expr

import "slices"

// together is the shape of several operands.
func (b *binder) together(pos int, word string, args ...int) Shape {
	shape := b.node(args[0]).Shape
	for _, a := range args[1:] {
		with := b.node(a).Shape
		both, ok := together(shape, with)
		hint := ""
		if len(shape) != len(with) {
			hint = "; keepdims=True keeps the dimension that a sum or mean is over"
			if _, rows := both.elements(); ok && rows > 1 { // a trap of Keras
				ok, hint = false, ": every row would meet every other; [:, 0] leaves a dimension of one element out, [:, None] adds one"
			}
		}
		if !ok {
			b.fail(pos, "%s of arrays of shapes %v and %v, which do not fit%s", word, shape, with, hint)
		}
		shape = both
	}
	return shape
}

// reduce is a sum, mean or maximum over axes; no axes: all.
func (b *binder) reduce(op Op, v value, axes []int, keep bool, pos int) value {
	if v.kind == ofNumber || v.kind == ofBoolean {
		return number64(v.num)
	}
	i := b.operand(v, pos)
	from := b.node(i).Shape
	if axes == nil {
		for axis := range from {
			axes = append(axes, axis)
		}
	}
	if op == Mean && b.node(i).Op == Mean && len(axes) == len(from) { // the mean of means of all is that of all
		i = b.node(i).Args[0]
		return b.reduce(Mean, value{kind: ofArray, node: i}, nil, keep, pos)
	}
	var left, kept Shape
	for axis, d := range from {
		if slices.Contains(axes, axis) {
			kept = append(kept, Dim{N: 1})
			continue
		}
		left, kept = append(left, d), append(kept, d)
	}
	out := v
	if len(axes) > 0 {
		out = b.array(Node{Op: op, Args: []int{i}, Axes: axes, Shape: left}, pos)
	}
	if keep && len(axes) > 0 {
		return b.reshape(out, kept, pos)
	}
	return out
}

// reshape gives an array another shape of as many elements.
func (b *binder) reshape(v value, shape Shape, pos int) value {
	if slices.Equal(b.shape(v), shape) {
		return v
	}
	n := Node{Op: Reshape, Args: []int{b.operand(v, pos)}, Shape: shape}
	n.truth = b.isTruth(v)
	return b.array(n, pos)
}

// along is an operation along one axis; drop: the axis is left out.
func (b *binder) along(op Op, v value, axis int, drop bool, pos int) value {
	i := b.operand(v, pos)
	shape := slices.Clone(b.node(i).Shape)
	if drop {
		shape = slices.Delete(shape, axis, axis+1)
	}
	return b.array(Node{Op: op, Args: []int{i}, Axes: []int{axis}, Shape: shape}, pos)
}

// result is the value per row of what a text gives.
func (b *binder) result(v value, pos int) int {
	if v.kind != ofArray || !b.node(v.node).output && !b.node(v.node).labels {
		b.fail(pos, "the result is %s that depends on neither the labels nor the output", b.describe(v))
	}
	if b.shape(v).byRows() {
		var axes []int
		for axis := 1; axis < len(b.shape(v)); axis++ {
			axes = append(axes, axis)
		}
		if axes == nil {
			return v.node
		}
		return b.reduce(Mean, v, axes, false, pos).node
	}
	if v = b.reduce(Mean, v, nil, false, pos); len(b.shape(v)) > 0 {
		b.fail(pos, "internal error: a mean of shape %v", b.shape(v))
	}
	if rows, ok := b.rowwise(v, pos); ok && rows.kind == ofArray {
		return b.result(rows, pos)
	}
	return b.array(Node{Op: Spread, Args: []int{v.node}, Shape: rowsOf(nil)}, pos).node
}

// rowwise is a value per row whose mean over the rows is the single number v, where that is a mean of all rows, or a sum of such
// means and constants, or a constant times one. A constant is itself.
func (b *binder) rowwise(v value, pos int) (value, bool) {
	if v.kind != ofArray {
		return v, true
	}
	n := *b.node(v.node)
	if n.Op == Const {
		return number64(n.Number), true
	}
	arg := func(k int) (value, bool) { return b.rowwise(value{kind: ofArray, node: n.Args[k]}, pos) }
	switch n.Op {
	case Mean:
		from := b.node(n.Args[0])
		if from.mixed || !from.Shape.byRows() {
			return value{}, false
		}
		return b.reduce(Mean, value{kind: ofArray, node: n.Args[0]}, n.Axes[1:], false, pos), true
	case Add, Subtract:
		x, first := arg(0)
		y, second := arg(1)
		if !first || !second {
			return value{}, false
		}
		return b.binary(string(n.Op), x, y, pos, string(n.Op)), true
	case Multiply, Divide:
		x, first := arg(0)
		y, second := arg(1)
		if !first || !second || x.kind == ofArray && y.kind == ofArray || n.Op == Divide && y.kind == ofArray {
			return value{}, false
		}
		return b.binary(string(n.Op), x, y, pos, string(n.Op)), true
	}
	return value{}, false
}
