package expr

import (
	"math"
	"slices"
	"strings"
)

// Bind checks a function for rows whose labels and outputs have these shapes, and returns what it computes. arguments are values of
// parameters that are not their defaults, by name; those that the function does not have are an error. Errors are of type
// *params.Error.
func (f *Function) Bind(labels, output []int, arguments map[string]float64) (p *Program, err error) {
	defer catch(&err)
	b := &binder{source: f.source, writer: writer{seen: map[string]int{}}, modules: f.modules, python: f.python, pos: -1}
	scope := map[string]value{}
	for _, bound := range f.constants {
		scope[bound.name] = b.eval(bound.value, scope)
	}
	for _, q := range f.params {
		v := b.eval(q.value, scope)
		if v.kind != ofNumber && v.kind != ofBoolean && v.kind != ofNone {
			b.fail(q.value.pos, "the default of %s must be a number, found %s", q.name, b.describe(v))
		}
		if x, given := arguments[q.name]; given && v.kind == ofBoolean && (x == 0 || x == 1) {
			v.num = x
		} else if given {
			v = number64(x)
		}
		scope[q.name] = v
	}
	for name := range arguments {
		if !slices.Contains(f.Arguments(), name) {
			b.fail(0, "%s is no parameter of the function", name)
		}
	}
	scope[f.labels] = b.array(Node{Op: Labels, Shape: rowsOf(labels)}, 0)
	scope[f.output] = b.array(Node{Op: Output, Shape: rowsOf(output)}, 0)
	for _, bound := range f.body[:len(f.body)-1] {
		scope[bound.name] = b.eval(bound.value, scope)
	}
	last := f.body[len(f.body)-1]
	return b.finish(b.result(b.eval(last.value, scope), last.value.pos)), nil
}

// Check binds a function to shapes that it might be for, so that what fits none is found without a network: rows of one number, and
// rows of more.
func (f *Function) Check() error {
	_, err := f.Bind([]int{1}, []int{1}, nil)
	if err == nil {
		return nil
	}
	for _, width := range []int{10, 64} {
		if _, wider := f.Bind([]int{width}, []int{width}, nil); wider == nil {
			return nil
		}
	}
	_, err = f.Bind([]int{10}, []int{10}, nil)
	return err
}

// A kind of value.
type valueKind uint8

const (
	ofArray valueKind = iota
	ofNumber
	ofBoolean
	ofNone
	ofText
	ofList
)

// A value is what an expression is: an array of the program, or a constant.
type value struct {
	kind  valueKind
	node  int
	num   float64 // of a number; 0 or 1
	whole bool    // a number without point
	text  string
	items []value
}

func number64(v float64) value { return value{kind: ofNumber, num: v} }

// A binder evaluates trees to values, and writes the operations on arrays.
type binder struct {
	*source
	writer
	modules map[string]string
	python  bool // words without a module are Python's
	pos     int  // of the call whose definition is being read, -1: none
}

// fail reports a problem, where a call of a defined function stands.
func (b *binder) fail(pos int, format string, v ...any) {
	if b.pos >= 0 {
		pos = b.pos
	}
	b.source.fail(pos, format, v...)
}

// array writes a node.
func (b *binder) array(n Node, pos int) value {
	i := b.add(n, func(format string, v ...any) { b.fail(pos, format, v...) })
	return value{kind: ofArray, node: i}
}

func (b *binder) shape(v value) Shape {
	if v.kind == ofArray {
		return b.node(v.node).Shape
	}
	return nil
}

func (b *binder) isTruth(v value) bool {
	return v.kind == ofBoolean || v.kind == ofArray && b.node(v.node).truth
}

// describe is a value for an error.
func (b *binder) describe(v value) string {
	switch v.kind {
	case ofArray:
		return "an array of shape " + b.shape(v).String()
	case ofNumber:
		return "a number"
	case ofBoolean:
		return "True or False"
	case ofNone:
		return "None"
	case ofText:
		return "a text"
	}
	return "a list"
}

// operand is the node of an array or number.
func (b *binder) operand(v value, pos int) int {
	switch v.kind {
	case ofArray:
		return v.node
	case ofNumber, ofBoolean:
		return b.array(Node{Op: Const, Number: v.num, Shape: Shape{}}, pos).node
	}
	b.fail(pos, "expected an array or a number, found %s", b.describe(v))
	return 0
}

// eval is the value of a tree.
func (b *binder) eval(t *tree, scope map[string]value) value {
	switch t.form {
	case formNumber:
		return value{kind: ofNumber, num: t.num, whole: t.whole}
	case formBoolean:
		return value{kind: ofBoolean, num: t.num}
	case formNone:
		return value{kind: ofNone}
	case formText:
		return value{kind: ofText, text: t.word}
	case formName:
		return b.nameOf(t, scope)
	case formList:
		v := value{kind: ofList}
		for _, item := range t.items {
			v.items = append(v.items, b.eval(item, scope))
		}
		return v
	case formUnary:
		return b.unary(t, b.eval(t.items[0], scope))
	case formBinary, formCompare:
		return b.binary(operators[t.word], b.eval(t.items[0], scope), b.eval(t.items[1], scope), t.pos, t.word)
	case formCall:
		return b.call(t, scope)
	case formIndex:
		return b.index(t, scope)
	}
	b.fail(t.pos, "a range stands in an index only")
	return value{}
}

// nameOf is the value of a word: one that was bound, or a constant of a module.
func (b *binder) nameOf(t *tree, scope map[string]value) value {
	if v, ok := scope[t.word]; ok {
		return v
	}
	b.noAttribute(t, scope)
	dotted := strings.Contains(t.word, ".")
	full := b.full(t.word)
	if v, ok := constants[full]; ok {
		return v
	}
	if lookup(full) != nil {
		b.fail(t.pos, "%s is a function: expected its arguments in brackets", t.word)
	}
	if knownModule(full) {
		b.fail(t.pos, "%s is a module", t.word)
	}
	if dotted {
		b.unknown(t)
	}
	if lookup(t.word) != nil || isConstant(t.word) {
		b.unknown(t)
	}
	b.fail(t.pos, "%s is not known here; known: %s", t.word, strings.Join(names(scope), ", "))
	return value{}
}

// noAttribute refuses a name whose first word is that of a value.
func (b *binder) noAttribute(t *tree, scope map[string]value) {
	first, rest, dotted := strings.Cut(t.word, ".")
	if v, ok := scope[first]; ok && dotted {
		b.fail(t.pos, "%s of %s is not read: an attribute of %s; write the function, such as sum(x)", rest, first, b.describe(v))
	}
}

// builtins are functions of Python that do with arrays what ours do.
var builtins = []string{"abs", "pow"}

// full is a name with what imports say about its first word.
func (b *binder) full(word string) string {
	first, rest, dotted := strings.Cut(word, ".")
	path, ok := b.modules[first]
	switch {
	case !ok && !dotted && b.python && !slices.Contains(builtins, word):
		return "python." + word
	case !ok:
		return canonical(word)
	case dotted:
		return canonical(path + "." + rest)
	}
	return canonical(path)
}

func names(scope map[string]value) []string {
	var all []string
	for name := range scope {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// operators are the operations of signs.
var operators = map[string]string{
	"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power",
	"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal",
	"and": "and", "&": "and", "or": "or", "|": "or", "^": "xor",
	"//": "floor_divide", "%": "mod", "@": "",
}

func (b *binder) unary(t *tree, v value) value {
	switch t.word {
	case "+":
		b.operand(v, t.pos)
		return v
	case "-":
		return b.negative(v, t.pos)
	}
	return b.not(v, t.pos)
}

func (b *binder) negative(v value, pos int) value {
	if v.kind == ofNumber || v.kind == ofBoolean {
		return value{kind: ofNumber, num: -v.num, whole: v.whole}
	}
	return b.binary("multiply", number64(-1), v, pos, "-")
}

func (b *binder) not(v value, pos int) value {
	if !b.isTruth(v) {
		b.fail(pos, "not takes a condition, found %s", b.describe(v))
	}
	return b.truth(b.binary("subtract", number64(1), v, pos, "not"))
}

// truth marks a value as a condition.
func (b *binder) truth(v value) value {
	if v.kind == ofArray {
		b.node(v.node).truth = true
		return v
	}
	v.kind = ofBoolean
	return v
}

// arithmetic are the operations of two operands, and what they are of two numbers.
var arithmetic = map[string]struct {
	op    Op
	apply func(x, y float64) float64
}{
	"add":      {Add, func(x, y float64) float64 { return x + y }},
	"subtract": {Subtract, func(x, y float64) float64 { return x - y }},
	"multiply": {Multiply, func(x, y float64) float64 { return x * y }},
	"divide":   {Divide, func(x, y float64) float64 { return x / y }},
	"power":    {Power, math.Pow},
	"maximum":  {Maximum, func(x, y float64) float64 { return max(x, y) }},
	"minimum":  {Minimum, func(x, y float64) float64 { return min(x, y) }},
	// Of numbers only.
	"floor_divide": {"", func(x, y float64) float64 { return math.Floor(x / y) }},
	"mod":          {"", func(x, y float64) float64 { return x - y*math.Floor(x/y) }},
}

// relations are the comparisons.
var relations = map[string]func(x, y float64) bool{
	"less":          func(x, y float64) bool { return x < y },
	"less_equal":    func(x, y float64) bool { return x <= y },
	"greater":       func(x, y float64) bool { return x > y },
	"greater_equal": func(x, y float64) bool { return x >= y },
	"equal":         func(x, y float64) bool { return x == y },
	"not_equal":     func(x, y float64) bool { return x != y },
}

// logic are the operations on conditions, as arithmetic on 0 and 1.
var logic = map[string]string{"and": "multiply", "or": "maximum", "xor": "not_equal"}

// binary is an operation of two operands; word is how it was written.
func (b *binder) binary(operation string, x, y value, pos int, word string) value {
	if on, ok := logic[operation]; ok {
		for _, v := range []value{x, y} {
			if !b.isTruth(v) {
				b.fail(pos, "%s takes conditions, found %s", word, b.describe(v))
			}
		}
		return b.truth(b.binary(on, x, y, pos, word))
	}
	constant := (x.kind == ofNumber || x.kind == ofBoolean) && (y.kind == ofNumber || y.kind == ofBoolean)
	relation, compares := relations[operation]
	a, known := arithmetic[operation]
	switch {
	case !compares && (!known || a.op == "" && !constant):
		b.fail(pos, "the operator %s is not read", word)
	case constant && compares:
		v := value{kind: ofBoolean}
		if relation(x.num, y.num) {
			v.num = 1
		}
		return v
	case constant:
		return value{kind: ofNumber, num: a.apply(x.num, y.num), whole: x.whole && y.whole && operation != "divide"}
	}
	n := Node{Op: a.op, Args: []int{b.operand(x, pos), b.operand(y, pos)}}
	if compares {
		n.Op, n.Name, n.truth = Compare, operation, true
	}
	n.Shape = b.together(pos, word, n.Args...)
	return b.array(n, pos)
}

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

// apply is a function of every element.
func (b *binder) apply(function string, v value, pos int) value {
	if v.kind == ofNumber || v.kind == ofBoolean {
		return number64(functions[function](v.num))
	}
	i := b.operand(v, pos)
	return b.array(Node{Op: Apply, Name: function, Args: []int{i}, Shape: b.node(i).Shape}, pos)
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
