package expr

import "math"

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

// apply is a function of every element.
func (b *binder) apply(function string, v value, pos int) value {
	if v.kind == ofNumber || v.kind == ofBoolean {
		return number64(functions[function](v.num))
	}
	i := b.operand(v, pos)
	return b.array(Node{Op: Apply, Name: function, Args: []int{i}, Shape: b.node(i).Shape}, pos)
}
