package keras

import "slices"

// The operations of this file change shapes. Axes are counted with the batch, which stays as it is.

// reshaped gives rows another shape; the first dimension is that of the batch.
func reshaped(o *operated) []int {
	x := o.tensor("x", "tensor")
	list, _ := o.value("newshape", "shape").([]any)
	if len(list) < 2 {
		o.fail("must be called with the shape of a batch of rows")
		return one(-1)
	}
	target := make([]int, len(list)-1)
	for i, v := range list[1:] {
		n, ok := toInt(v)
		if !ok || n < 1 && n != -1 {
			o.fail("shape %s: dimensions must be at least 1, or -1 for one of them", show(list))
		}
		target[i] = n
	}
	if batch, ok := toInt(list[0]); list[0] != nil && (!ok || batch != -1) {
		if _, told := list[0].(place); !told {
			o.fail("shape %s begins with a batch of %s rows, which must be -1", show(list), show(list[0]))
		}
	}
	return one(o.call(&Reshape{TargetShape: target}, x))
}

// expanded adds a dimension of 1.
func expanded(o *operated) []int {
	x := o.tensor("x", "input")
	axis := o.integer(0, "axis")
	shape := slices.Clone(o.shape(x))
	if axis < 0 {
		axis += len(shape) + 2
	}
	if axis < 1 || axis > len(shape)+1 {
		o.fail("adds a dimension at axis %d of the shape %s, which is not supported", axis, shapeText(shape))
		return one(-1)
	}
	return one(o.call(&Reshape{TargetShape: slices.Insert(shape, axis-1, 1)}, x))
}

// squeezed drops dimensions of 1: those that are named, or all.
func squeezed(o *operated) []int {
	x := o.tensor("x", "input")
	axes := o.integers("axis", "squeeze_dims")
	shape := o.shape(x)
	if axes == nil {
		for i, d := range shape {
			if d == 1 {
				axes = append(axes, i+1)
			}
		}
	}
	axes = o.axes(axes, x)
	var target []int
	for i, d := range shape {
		switch {
		case !slices.Contains(axes, i+1):
			target = append(target, d)
		case d != 1:
			o.fail("drops axis %d of the shape %s, which is not 1", i+1, shapeText(shape))
		}
	}
	if len(target) == 0 {
		o.fail("drops all dimensions of the shape %s", shapeText(shape))
	}
	return one(o.call(&Reshape{TargetShape: target}, x))
}

// transposed reorders dimensions.
func transposed(o *operated) []int {
	x := o.tensor("x", "a")
	axes := o.integers("axes", "perm")
	if o.bool("conjugate") {
		o.fail("conjugates, which is not supported")
	}
	return one(o.permuted(x, axes))
}

// permuted reorders dimensions by the axes that they come from.
func (o *operated) permuted(x int, axes []int) int {
	n := len(o.shape(x)) + 1
	axes = slices.Clone(axes)
	for i := range axes {
		if axes[i] < 0 {
			axes[i] += n
		}
	}
	sorted := slices.Sorted(slices.Values(axes))
	for i := range n {
		if len(sorted) != n || sorted[i] != i || axes[0] != 0 {
			o.fail("reorders the axes of %s as %v, which is not supported: the batch must stay first", shapeText(o.shape(x)), axes)
			return -1
		}
	}
	return o.call(&Permute{Dims: axes[1:]}, x)
}

// swappedAxes exchanges two axes.
func swappedAxes(o *operated) []int {
	x := o.tensor("x")
	pair := append(o.axes([]int{o.integer(0, "axis1")}, x), o.axes([]int{o.integer(0, "axis2")}, x)...)
	if o.err != nil {
		return one(-1)
	}
	axes := o.order0(x)
	axes[pair[0]], axes[pair[1]] = pair[1], pair[0]
	return one(o.permuted(x, axes))
}

// movedAxis puts an axis elsewhere.
func movedAxis(o *operated) []int {
	x := o.tensor("x")
	source, destination := o.axes([]int{o.integer(0, "source")}, x), o.axes([]int{o.integer(0, "destination")}, x)
	if o.err != nil {
		return one(-1)
	}
	axes := o.order0(x)
	axes = slices.Delete(axes, source[0], source[0]+1)
	return one(o.permuted(x, slices.Insert(axes, destination[0], source[0])))
}

// order0 are the axes of a tensor in their order.
func (o *operated) order0(x int) []int {
	axes := make([]int, len(o.shape(x))+1)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// concatenated joins a list of tensors.
func concatenated(o *operated) []int {
	list := o.list("xs", "values")
	return one(o.call(&Concatenate{Axis: o.integer(0, "axis")}, list...))
}

// stacked joins a list of tensors along a new axis.
func stacked(o *operated) []int {
	list := o.list("x", "xs", "values")
	axis := o.integer(0, "axis")
	if len(list) == 0 {
		return one(-1)
	}
	shape := slices.Clone(o.shape(list[0]))
	if axis < 0 {
		axis += len(shape) + 2
	}
	if axis < 1 || axis > len(shape)+1 {
		o.fail("stacks along axis %d of the shape %s, which is not supported", axis, shapeText(shape))
		return one(-1)
	}
	shape = slices.Insert(shape, axis-1, 1)
	for i, t := range list {
		list[i] = o.call(&Reshape{TargetShape: slices.Clone(shape)}, t)
	}
	return one(o.call(&Concatenate{Axis: axis}, list...))
}

// divided cuts a tensor into parts along an axis: so many equal ones (Keras, TensorFlow), at places (Keras) or of sizes (TensorFlow).
func divided(o *operated) []int {
	x := o.tensor("x", "value")
	_, sizes := o.named["num_or_size_splits"]
	v := o.value("indices_or_sections", "num_or_size_splits")
	axis := o.axes([]int{o.integer(0, "axis")}, x)
	o.skip("num")
	if o.err != nil {
		return nil
	}
	n := o.shape(x)[axis[0]-1]
	var ends []int
	if parts, ok := toInt(v); ok {
		if parts < 1 || n%parts != 0 || parts > MaxCalls {
			o.fail("cuts axis %d of the shape %s into %d equal parts", axis[0], shapeText(o.shape(x)), parts)
			return nil
		}
		for i := range parts {
			ends = append(ends, (i+1)*n/parts)
		}
	} else {
		list, _ := v.([]any)
		end := 0
		for _, e := range list {
			at, ok := toInt(e)
			if sizes {
				at += end
			}
			if !ok || at <= end || at > n {
				o.fail("cuts axis %d of the shape %s at %s", axis[0], shapeText(o.shape(x)), show(v))
				return nil
			}
			end = at
			ends = append(ends, end)
		}
		if sizes && end != n || len(ends) == 0 {
			o.fail("cuts axis %d of the shape %s into %s", axis[0], shapeText(o.shape(x)), show(v))
			return nil
		}
		if end < n {
			ends = append(ends, n)
		}
	}
	var out []int
	start := 0
	for _, end := range ends {
		if o.err != nil {
			return nil
		}
		out = append(out, o.call(&Slice{Axis: axis[0], Start: start, Step: 1, Count: end - start}, x))
		start = end
	}
	return out
}

// mostCopies is how often an operation repeats a tensor at most.
const mostCopies = 1024

// copies are so many times a tensor.
func (o *operated) copies(t, n int) []int {
	if n < 1 || n > mostCopies {
		o.fail("repeats a tensor %d times, which is not supported (known: 1 to %d)", n, mostCopies)
		return one(-1)
	}
	return slices.Repeat([]int{t}, n)
}

// repeated repeats every element along an axis.
func repeated(o *operated) []int {
	x := o.tensor("x", "input")
	n := o.integer(0, "repeats")
	axis := o.axes([]int{o.integer(0, "axis")}, x)
	if o.err != nil {
		return one(-1)
	}
	shape := o.shape(x)
	line := o.call(&Reshape{TargetShape: slices.Insert(slices.Clone(shape), axis[0], 1)}, x)
	target := slices.Clone(shape)
	joined := o.call(&Concatenate{Axis: axis[0] + 1}, o.copies(line, n)...)
	target[axis[0]-1] *= n
	return one(o.call(&Reshape{TargetShape: target}, joined))
}

// tiled repeats a tensor along its axes.
func tiled(o *operated) []int {
	x := o.tensor("x", "input")
	times := o.integers("repeats", "multiples")
	if o.err == nil && (len(times) != len(o.shape(x))+1 || times[0] != 1) {
		o.fail("repeats the shape %s %v times, which is not supported: one number per axis, 1 for the batch", shapeText(o.shape(x)), times)
	}
	for axis, n := range times {
		if axis > 0 && n != 1 && o.err == nil {
			x = o.call(&Concatenate{Axis: axis}, o.copies(x, n)...)
		}
	}
	return one(x)
}

// padded adds zeros.
func padded(o *operated) []int {
	x := o.tensor("x", "tensor")
	widths, _ := o.value("pad_width", "paddings").([]any)
	mode, _ := o.value("mode").(string)
	if mode != "" && mode != "constant" && mode != "CONSTANT" || o.number(0, "constant_values") != 0 {
		o.fail("pads with something else than zeros, which is not supported")
	}
	if o.err == nil && len(widths) != len(o.shape(x))+1 {
		o.fail("pads the shape %s by %s, which is not supported: two numbers per axis, the batch included", shapeText(o.shape(x)), show(widths))
	}
	for axis, v := range widths {
		pair, _ := v.([]any)
		if len(pair) != 2 {
			o.fail("pads by %s, expected two numbers", show(v))
			return one(-1)
		}
		before, ok := toInt(pair[0])
		after, okAfter := toInt(pair[1])
		if !ok || !okAfter || before < 0 || after < 0 || axis == 0 && before+after > 0 {
			o.fail("pads axis %d by %s, which is not supported", axis, show(v))
			return one(-1)
		}
		if before+after > 0 && o.err == nil {
			x = o.call(&Slice{Axis: axis, Start: -before, Step: 1, Count: before + o.shape(x)[axis-1] + after}, x)
		}
	}
	return one(x)
}

// flipped turns axes around.
func flipped(o *operated) []int {
	x := o.tensor("x", "tensor")
	axes := o.integers("axis")
	if axes == nil {
		o.fail("turns all axes around, the batch among them, which is not supported")
	}
	for _, axis := range o.axes(axes, x) {
		if o.err == nil {
			n := o.shape(x)[axis-1]
			x = o.call(&Slice{Axis: axis, Start: n - 1, Step: -1, Count: n}, x)
		}
	}
	return one(x)
}

// item takes places of a tensor, x[:, 1:3, -1], as Python does.
func item(o *operated) []int {
	x := o.tensor("x", "tensor")
	v := o.value("key", "slice_spec")
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	taken := 0 // axes that the list says something about
	ellipsis := -1
	for i, e := range list {
		switch {
		case class(e) == "__ellipsis__" || e == "Ellipsis":
			ellipsis = i
		case e != nil:
			taken++
		}
	}
	all := len(o.shape(x)) + 1
	if taken > all || o.err != nil {
		o.fail("takes %s of the shape %s", show(v), shapeText(o.shape(x)))
		return one(-1)
	}
	if ellipsis < 0 {
		ellipsis = len(list)
		list = append(slices.Clone(list), nil)
	}
	list = slices.Replace(slices.Clone(list), ellipsis, ellipsis+1, slices.Repeat([]any{object{}}, all-taken)...)
	var target []int
	axis := 0
	for _, e := range list {
		if e == nil { // a new axis
			if axis == 0 {
				o.fail("adds an axis before the batch, which is not supported")
			}
			target = append(target, 1)
			continue
		}
		if axis == 0 {
			if !isWholeSlice(e) {
				o.fail("takes %s of the batch, which is not supported", show(e))
				return one(-1)
			}
			axis++
			continue
		}
		n := o.shape(x)[axis-1]
		s, isSlice := sliceOf(e, n)
		if at, ok := toInt(e); ok && !isSlice {
			if at < 0 {
				at += n
			}
			s = Slice{Start: at, Step: 1, Count: 1}
		}
		if s.Count < 1 || s.Start < 0 || s.Start >= n {
			o.fail("takes %s of axis %d of the shape %s", show(e), axis, shapeText(o.shape(x)))
			return one(-1)
		}
		if s != (Slice{Start: 0, Step: 1, Count: n}) {
			s.Axis = axis
			x = o.call(&s, x)
		}
		if isSlice {
			target = append(target, s.Count)
		}
		axis++
	}
	if o.err == nil && len(target) == 0 {
		o.fail("takes one number of a row, which is not supported: keep an axis of 1")
		return one(-1)
	}
	if o.err == nil && !slices.Equal(target, o.shape(x)) {
		x = o.call(&Reshape{TargetShape: target}, x)
	}
	return one(x)
}

// class is the class of an object of the JSON, "" where v is none.
func class(v any) string {
	obj, _ := v.(object)
	name, _ := obj["class_name"].(string)
	return name
}

// sliceArguments are those of a slice, {"start": ..., "stop": ..., "step": ...} or {"class_name": "__slice__", "config": ...}; false: v is none.
func sliceArguments(v any) (object, bool) {
	obj, ok := v.(object)
	if config, wrapped := obj["config"].(object); wrapped {
		return config, ok
	}
	return obj, ok
}

// isWholeSlice says whether v is the slice of all places of an axis of any length, in their order.
func isWholeSlice(v any) bool {
	obj, ok := sliceArguments(v)
	if !ok {
		return false
	}
	is := func(v any, number int) bool {
		n, ok := toInt(v)
		return v == nil || ok && n == number
	}
	return is(obj["start"], 0) && obj["stop"] == nil && is(obj["step"], 1)
}

// sliceOf reads a slice of an axis of n places.
func sliceOf(v any, n int) (s Slice, ok bool) {
	obj, ok := sliceArguments(v)
	if !ok {
		return s, false
	}
	s.Step = 1
	if obj["step"] != nil {
		if s.Step, ok = toInt(obj["step"]); !ok || s.Step == 0 {
			return s, false
		}
	}
	first, last := 0, n // of the places that may be taken, as Python counts
	if s.Step < 0 {
		first, last = n-1, -1
	}
	bound := func(key string, byDefault int) int {
		if obj[key] == nil {
			return byDefault
		}
		at, isInt := toInt(obj[key])
		ok = ok && isInt
		if at < 0 {
			at += n
		}
		return min(max(at, min(first, last)), max(first, last))
	}
	stop := 0
	s.Start, stop = bound("start", first), bound("stop", last)
	if s.Step > 0 {
		s.Count = max(0, (stop-s.Start+s.Step-1)/s.Step)
	} else {
		s.Count = max(0, (s.Start-stop-s.Step-1)/-s.Step)
	}
	return s, ok
}
