package expr

// A form of an expression.
type form uint8

const (
	formNumber form = iota
	formBoolean
	formNone
	formText
	formName  // word
	formList  // items: a list or tuple
	formUnary // word is the operator, items the operand
	formBinary
	formCompare
	formCall  // items[0] is the function, the others are arguments; names those of the last of them
	formIndex // items[0] is the array, the others say what of its axes
	formRange // items from and to, nil where left out: only in an index
	formAll   // ... in an index
)

// A tree is a parsed expression.
type tree struct {
	form  form
	pos   int
	word  string // dotted names as a.b.c
	num   float64
	whole bool
	items []*tree
	names []string // of the last arguments of a call
}

// A binding gives an expression a name. One without a name is the result.
type binding struct {
	name  string
	pos   int
	value *tree
}

// A parameter of a function beside the labels and the output.
type parameter struct {
	name  string
	value *tree // its default
}
