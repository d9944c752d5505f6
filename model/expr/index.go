package expr

import "slices"

// index is a part of an array: x[:, 0], x[..., 1:3], x[:, None].
func (b *binder) index(t *tree, scope map[string]value) value {
	v := b.eval(t.items[0], scope)
	if v.kind != ofArray {
		b.fail(t.pos, "only arrays have an index, found %s", b.describe(v))
	}
	items := b.indexItems(t, scope, len(b.shape(v)))
	axis := 0
	for _, item := range items {
		switch {
		case item.tree.form == formRange:
			v = b.rangeOf(v, axis, item.from, item.to, t.pos)
			axis++
		case item.insert:
			v = b.reshape(v, slices.Insert(slices.Clone(b.shape(v)), axis, Dim{N: 1}), t.pos)
			axis++
		default:
			v = b.rangeOf(v, axis, item.from, item.to, item.tree.pos)
			v = b.reshape(v, slices.Delete(slices.Clone(b.shape(v)), axis, axis+1), t.pos)
		}
	}
	return v
}

// An indexItem is what an index says of one axis: a range, one place (from and to beside each other), or a new axis.
type indexItem struct {
	tree     *tree
	from, to *int
	insert   bool
}

// indexItems are those of an index for an array of so many dimensions, with ... written out.
func (b *binder) indexItems(t *tree, scope map[string]value, dims int) (items []indexItem) {
	all := &tree{form: formRange, pos: t.pos}
	whole := func(t *tree) *int {
		if t == nil {
			return nil
		}
		v := b.eval(t, scope)
		if v.kind != ofNumber || !v.whole || v.num != float64(int32(v.num)) {
			b.fail(t.pos, "an index is a whole number, found %s", b.describe(v))
		}
		n := int(v.num)
		return &n
	}
	used, rest := 0, -1
	for _, item := range t.items[1:] {
		switch {
		case item.form == formAll && rest >= 0:
			b.fail(item.pos, "a second ... in an index")
		case item.form == formAll:
			rest = len(items)
		case item.form == formRange:
			items = append(items, indexItem{tree: item, from: whole(item.items[0]), to: whole(item.items[1])})
			used++
		case item.form == formNone || item.form == formName && b.eval(item, scope).kind == ofNone:
			items = append(items, indexItem{tree: item, insert: true})
		default:
			from := whole(item)
			to := *from + 1
			items = append(items, indexItem{tree: item, from: from, to: &to})
			used++
		}
	}
	if used > dims {
		b.fail(t.pos, "%d indexes of an array of %d dimensions", used, dims)
	}
	if rest >= 0 {
		return slices.Insert(items, rest, slices.Repeat([]indexItem{{tree: all}}, dims-used)...)
	}
	return items
}

// rangeOf is indexes from..to-1 of an axis; nil: from the first, to the last.
func (b *binder) rangeOf(v value, axis int, from, to *int, pos int) value {
	if from == nil && to == nil {
		return v
	}
	d := b.shape(v)[axis]
	if d.Rows {
		b.fail(pos, "an index of the rows of a batch: only : is read for them")
	}
	place := func(i *int, otherwise int) int {
		switch {
		case i == nil:
			return otherwise
		case *i < 0:
			return *i + d.N
		}
		return *i
	}
	first, last := place(from, 0), place(to, d.N)
	if from != nil && *from == -1 && to != nil && *to == 0 { // the place -1
		last = d.N
	}
	if first < 0 || last > d.N || first >= last {
		b.fail(pos, "the index %d:%d of an array of shape %v, whose dimension %d has %d elements", first, last, b.shape(v), axis+1, d.N)
	}
	if first == 0 && last == d.N {
		return v
	}
	shape := slices.Clone(b.shape(v))
	shape[axis] = Dim{N: last - first}
	return b.array(Node{Op: Range, Args: []int{v.node}, Axes: []int{axis}, From: first, To: last, Shape: shape}, pos)
}
