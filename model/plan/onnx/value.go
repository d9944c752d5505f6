package onnx

import (
	"fmt"
	"slices"
)

// A dim is a dimension: n, or n per row of the batch.
type dim struct {
	n    int
	rows bool
}

// one is a dimension of a single element.
var one = dim{n: 1}

// fixed are dimensions that do not depend on the batch.
func fixed(sizes ...int) []dim {
	dims := make([]dim, len(sizes))
	for i, n := range sizes {
		dims[i] = dim{n: n}
	}
	return dims
}

// total is the product of dimensions.
func total(dims []dim) dim {
	all := one
	for _, d := range dims {
		all.n *= d.n
		if d.rows && all.rows {
			panic(fmt.Sprintf("onnx: two dimensions of %v depend on the batch", dims))
		}
		all.rows = all.rows || d.rows
	}
	return all
}

// A tensor is an array of the ONNX graph.
type tensor struct {
	name  string
	dims  []dim
	whole bool // int64 and not float32
	// data or numbers are the values of a constant. data are those of an array of shape from, whose dimension order[i] is the
	// tensor's dimension i; order is nil where both are the same.
	data    []float32
	from    []int
	order   []int
	numbers []int64
	// source is what the tensor is a Reshape of.
	source *tensor
	// maker is the node that computes it; nil for an input and a constant.
	maker *node
	// doc says what an input is; "" for one of numbers.
	doc string
}

// constant says whether the tensor has its values in the file.
func (t *tensor) constant() bool { return t.data != nil || t.numbers != nil }

// values are those of a constant in their order.
func (t *tensor) values() []float32 {
	if t.order == nil {
		return t.data
	}
	out := make([]float32, 0, len(t.data))
	t.walk(func(at int) { out = append(out, t.data[at]) })
	return out
}

// walk visits the places in data of all values in their order.
func (t *tensor) walk(visit func(at int)) {
	if t.order == nil {
		for at := range t.data {
			visit(at)
		}
		return
	}
	strides := make([]int, len(t.from))
	size := 1
	for i := len(t.from) - 1; i >= 0; i-- {
		strides[i] = size
		size *= t.from[i]
	}
	var along func(axis, at int)
	along = func(axis, at int) {
		if axis == len(t.order) {
			visit(at)
			return
		}
		stride := strides[t.order[axis]]
		for range t.from[t.order[axis]] {
			along(axis+1, at)
			at += stride
		}
	}
	along(0, 0)
}

// A value is an array of the plan: dimension i of shape is dimension at[i] of the tensor. Where that one is 1 and shape's is not, all
// elements along it are the same.
type value struct {
	t     *tensor
	at    []int
	shape []dim
}

// straight is a tensor as it is.
func straight(t *tensor) value { return value{t, upTo(len(t.dims)), t.dims} }

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// order is which dimension of the value each dimension of the tensor is.
func (v value) order() []int {
	out := make([]int, len(v.at))
	for i, at := range v.at {
		out[at] = i
	}
	return out
}

// spread says whether the value has more elements than the tensor.
func (v value) spread() bool {
	for i, at := range v.at {
		if v.shape[i] != v.t.dims[at] {
			return true
		}
	}
	return false
}

// permuted is the value whose dimension i is dimension from[i] of this one.
func (v value) permuted(from []int) value {
	out := value{t: v.t}
	for _, f := range from {
		out.at, out.shape = append(out.at, v.at[f]), append(out.shape, v.shape[f])
	}
	return out
}

// with is the value through another tensor that has the dimensions of this one's.
func (v value) with(t *tensor) value { return value{t, v.at, v.shape} }

// inOrder is a value whose dimension order[i] is the tensor's dimension i.
func inOrder(t *tensor, order []int) value {
	v := value{t: t, at: make([]int, len(order)), shape: make([]dim, len(order))}
	for i, d := range order {
		v.at[d], v.shape[d] = i, t.dims[i]
	}
	return v
}

// stored is a tensor whose dimension i is dimension order[i] of the value; dimensions of 1 may still stand for more.
func (l *lowering) stored(v value, order []int) *tensor {
	perm := make([]int, len(order))
	for i, d := range order {
		perm[i] = v.at[d]
	}
	return l.transpose(v.t, perm)
}

// whole is stored with all elements.
func (l *lowering) whole(v value, order []int) *tensor {
	t := l.stored(v, order)
	target := make([]dim, len(order))
	for i, d := range order {
		target[i] = v.shape[d]
	}
	if slices.Equal(target, t.dims) {
		return t
	}
	var sizes []*tensor
	for i, d := range target {
		if d == t.dims[i] {
			d = one // what is there stays
		}
		sizes = append(sizes, l.size(d))
	}
	return l.node("Expand", target, t, l.joined(sizes))
}

// plain is the value with its dimensions in order.
func (l *lowering) plain(v value) *tensor { return l.whole(v, upTo(len(v.shape))) }

// asStored is the tensor with all elements, in the order that it has.
func (l *lowering) asStored(v value) value {
	order := v.order()
	return value{l.whole(v, order), v.at, v.shape}
}

// size is a dimension as an int64 array of one element.
func (l *lowering) size(d dim) *tensor {
	if !d.rows {
		return l.whole64(int64(d.n))
	}
	if l.batch == nil {
		l.batch = l.wholeNode("Shape", fixed(1), l.inputs[0]).attr("start", 0).attr("end", 1).out
	}
	if d.n == 1 {
		return l.batch
	}
	return l.wholeNode("Mul", fixed(1), l.batch, l.whole64(int64(d.n))).out
}

// joined puts int64 arrays of one element together.
func (l *lowering) joined(sizes []*tensor) *tensor {
	var numbers []int64
	for _, s := range sizes {
		numbers = append(numbers, s.numbers...)
	}
	if len(numbers) == len(sizes) {
		return l.whole64(numbers...)
	}
	return l.wholeNode("Concat", fixed(len(sizes)), sizes...).attr("axis", 0).out
}

// transpose is a tensor whose dimension i is dimension perm[i] of t.
func (l *lowering) transpose(t *tensor, perm []int) *tensor {
	if slices.IsSorted(perm) {
		return t
	}
	key := fmt.Sprintf("%p%v", t, perm)
	if known := l.made[key]; known != nil {
		return known
	}
	dims := make([]dim, len(perm))
	for i, p := range perm {
		dims[i] = t.dims[p]
	}
	var out *tensor
	if t.constant() {
		order := perm
		if t.order != nil {
			order = make([]int, len(perm))
			for i, p := range perm {
				order[i] = t.order[p]
			}
		}
		out = &tensor{name: t.name, dims: dims, data: t.data, from: t.from, order: order}
	} else {
		out = l.add("Transpose", dims, t).attr("perm", perm).out
	}
	l.made[key] = out
	return out
}

// reshaped is the value in another shape of as many elements. Where only dimensions of 1 come and go the order in the tensor stays.
func (l *lowering) reshaped(v value, shape []dim) value {
	if slices.Equal(v.shape, shape) {
		return v
	}
	if out, ok := l.squeezed(v, shape); ok {
		return out
	}
	return straight(l.reshape(l.plain(v), shape))
}

// squeezed is reshaped where only dimensions of 1 come and go. A new one lies behind the dimension before it.
func (l *lowering) squeezed(v value, shape []dim) (value, bool) {
	var before, behind []int // the dimensions that are not 1
	for i, d := range v.shape {
		if d != one {
			before = append(before, i)
		}
	}
	for i, d := range shape {
		if d != one {
			behind = append(behind, i)
		}
	}
	if len(before) != len(behind) {
		return value{}, false
	}
	to := map[int]int{}
	for k, i := range before {
		if v.shape[i] != shape[behind[k]] {
			return value{}, false
		}
		to[i] = behind[k]
	}
	var order []int
	for _, i := range v.order() {
		if j, ok := to[i]; ok {
			order = append(order, j)
		}
	}
	for j, d := range shape {
		if d == one {
			order = slices.Insert(order, slices.Index(order, j-1)+1, j)
		}
	}
	out := value{at: make([]int, len(shape)), shape: shape}
	dims := make([]dim, len(shape))
	for place, j := range order {
		out.at[j], dims[place] = place, one
	}
	for i, j := range to {
		dims[out.at[j]] = v.t.dims[v.at[i]]
	}
	out.t = l.reshape(v.t, dims)
	return out, true
}

// reshape is a tensor under other dimensions.
func (l *lowering) reshape(t *tensor, dims []dim) *tensor {
	if t.source != nil {
		t = t.source
	}
	if slices.Equal(t.dims, dims) {
		return t
	}
	if total(t.dims) != total(dims) {
		panic(fmt.Sprintf("onnx: reshape of %v to %v", t.dims, dims))
	}
	key := fmt.Sprintf("%p%v", t, dims)
	if known := l.made[key]; known != nil {
		return known
	}
	var out *tensor
	if t.constant() {
		out = &tensor{name: t.name, dims: dims, data: t.values(), from: sizesOf(dims)}
	} else {
		sizes := make([]int64, len(dims))
		for i, d := range dims {
			if sizes[i] = int64(d.n); d.rows {
				sizes[i] = -1
			}
		}
		out = l.node("Reshape", dims, t, l.whole64(sizes...))
		out.source = t
	}
	l.made[key] = out
	return out
}

// sizesOf are dimensions that do not depend on the batch as numbers.
func sizesOf(dims []dim) []int {
	out := make([]int, len(dims))
	for i, d := range dims {
		if d.rows {
			panic(fmt.Sprintf("onnx: a constant of dimensions %v", dims))
		}
		out[i] = d.n
	}
	return out
}
