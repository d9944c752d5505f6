package graph

import "gorgonia.org/gorgonia"

// CodeReverse turns the order of the first dimension around; Attr is a RowsAttr. The gradient is the same operation.
const CodeReverse = "reverse"

func (b *builder) reverse(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return b.apply(Op{
		Code: CodeReverse, Attr: RowsAttr{s[0], s[1:].TotalSize()}, Out: s, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{b.reverse(grad)} },
	}, x)
}
