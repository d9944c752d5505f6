package expr

import (
	"fmt"
	"slices"
	"strings"
)

// An Op is an operation of a Program.
type Op string

// The operations. Operands of those with two or three are repeated to one shape first.
const (
	Const      Op = "const"      // Node.Number, a single number
	Labels     Op = "labels"     // the labels
	Output     Op = "output"     // the model's output
	Apply      Op = "apply"      // the function Node.Name of every element
	Add        Op = "add"        // x + y
	Subtract   Op = "subtract"   // x - y
	Multiply   Op = "multiply"   // x·y
	Divide     Op = "divide"     // x / y
	Power      Op = "power"      // x to the power of y
	Maximum    Op = "maximum"    // the larger one
	Minimum    Op = "minimum"    // the smaller one
	Compare    Op = "compare"    // 1 where the relation Node.Name holds, else 0
	Where      Op = "where"      // the second operand where the first is 1, else the third
	Sum        Op = "sum"        // over Node.Axes, which are left out
	Mean       Op = "mean"       // over Node.Axes, which are left out
	Max        Op = "max"        // over Node.Axes, which are left out
	ArgMax     Op = "argmax"     // the index of the first maximum along Node.Axes[0], which is left out
	Softmax    Op = "softmax"    // along Node.Axes[0]
	LogSoftmax Op = "logsoftmax" // along Node.Axes[0]
	Reshape    Op = "reshape"    // the elements in another shape
	Range      Op = "range"      // indexes From to To-1 of Node.Axes[0]
	Stop       Op = "stop"       // the same, as a constant for the gradient
	Spread     Op = "spread"     // a single number for every row
)

// A Node is one operation and what it makes.
type Node struct {
	Op     Op
	Args   []int // of Program.Nodes, before this one
	Shape  Shape
	Number float64
	Name   string
	Axes   []int // ascending
	From   int
	To     int

	truth  bool // 0 and 1
	slope  bool // it has a gradient by the output
	mixed  bool // it looks at several rows
	output bool // it depends on the output
	labels bool // it depends on the labels
}

// A Program is a function bound to shapes: operations in an order in which operands come first. It is immutable.
type Program struct {
	Nodes []Node
	// Result is the node that is the value per row, of shape (rows).
	Result int
	// WholeBatch: a row's value depends on other rows; then it is that of the batch and the same for each.
	WholeBatch bool
	// Differentiable: the value has a gradient by the output.
	Differentiable bool
}

// String lists the operations, one a line.
func (p *Program) String() string {
	var b strings.Builder
	for i, n := range p.Nodes {
		fmt.Fprintf(&b, "%d: %s", i, n.Op)
		if n.Op == Const {
			fmt.Fprintf(&b, " %v", n.Number)
		}
		if n.Name != "" {
			fmt.Fprintf(&b, " %s", n.Name)
		}
		for _, a := range n.Args {
			fmt.Fprintf(&b, " %d", a)
		}
		if n.Axes != nil {
			fmt.Fprintf(&b, " axes %v", n.Axes)
		}
		if n.Op == Range {
			fmt.Fprintf(&b, " %d:%d", n.From, n.To)
		}
		fmt.Fprintf(&b, " %v\n", n.Shape)
	}
	fmt.Fprintf(&b, "result %d\n", p.Result)
	return b.String()
}

// without slopes are operations whose results do not change with small changes of their operands.
func (n *Node) flat() bool {
	switch n.Op {
	case Compare, ArgMax, Stop, Const, Labels:
		return true
	case Apply:
		return slices.Contains(flatFunctions, n.Name)
	}
	return false
}

// A writer makes a Program.
type writer struct {
	nodes []Node
	total int            // elements of all arrays per row
	most  int            // elements of the labels or output, where these are more than MaxElements
	seen  map[string]int // by what they are
}

func (w *writer) node(i int) *Node { return &w.nodes[i] }

// add adds a node, or finds the equal one. fail reports a program that is too large.
func (w *writer) add(n Node, fail func(format string, v ...any)) int {
	key := fmt.Sprintf("%s %v %v %x %s %v %d %d", n.Op, n.Args, n.Shape, n.Number, n.Name, n.Axes, n.From, n.To)
	if i, ok := w.seen[key]; ok {
		return i
	}
	if len(w.nodes) == MaxNodes {
		fail("the function has more than %d operations", MaxNodes)
	}
	if len(n.Shape) > MaxRank {
		fail("an array of %d dimensions, at most %d", len(n.Shape), MaxRank)
	}
	elements, rows := n.Shape.elements()
	if n.Op == Labels || n.Op == Output {
		w.most = max(w.most, elements)
	}
	most := max(w.most, MaxElements)
	if w.total += elements; elements > most || w.total > TotalFactor*most || rows > 2 {
		fail("an array of shape %v is too large: at most %d elements of a row, and %d of all arrays", n.Shape, most, TotalFactor*most)
	}
	n.output, n.labels = n.Op == Output, n.Op == Labels
	n.slope = n.output
	for _, a := range n.Args {
		arg := &w.nodes[a]
		n.output, n.labels = n.output || arg.output, n.labels || arg.labels
		n.slope, n.mixed = n.slope || arg.slope, n.mixed || arg.mixed
	}
	n.slope = n.slope && !n.flat()
	n.mixed = n.mixed || w.mixes(&n)
	w.nodes = append(w.nodes, n)
	w.seen[key] = len(w.nodes) - 1
	return len(w.nodes) - 1
}

// mixes tells whether a node brings rows together that its operands keep apart.
func (w *writer) mixes(n *Node) bool {
	if _, rows := n.Shape.elements(); rows > 0 && !n.Shape.byRows() {
		return true
	}
	for _, a := range n.Args {
		from := w.nodes[a].Shape
		if _, rows := from.elements(); rows == 0 {
			continue
		}
		if !n.Shape.byRows() {
			return true
		}
		switch n.Op {
		case Sum, Mean, Max, ArgMax, Softmax, LogSoftmax, Range:
			if slices.ContainsFunc(n.Axes, func(axis int) bool { return from[axis].Rows }) {
				return true
			}
		}
	}
	return false
}

// finish leaves out what the result does not need.
func (w *writer) finish(result int) *Program {
	needed := make([]bool, len(w.nodes))
	needed[result] = true
	for i := result; i >= 0; i-- {
		if needed[i] {
			for _, a := range w.nodes[i].Args {
				needed[a] = true
			}
		}
	}
	p := &Program{}
	places := make([]int, len(w.nodes))
	for i, n := range w.nodes[:result+1] {
		if !needed[i] {
			continue
		}
		args := make([]int, len(n.Args))
		for k, a := range n.Args {
			args[k] = places[a]
		}
		n.Args = args
		places[i] = len(p.Nodes)
		p.Nodes = append(p.Nodes, n)
	}
	p.Result = len(p.Nodes) - 1
	p.WholeBatch, p.Differentiable = p.Nodes[p.Result].mixed, p.Nodes[p.Result].slope
	return p
}
