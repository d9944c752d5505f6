package expr

import (
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
