package graph

import (
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of connectionist temporal classification; Attr is a kernels.CTCShape.
const (
	// CodeCTC is the loss per row from (logits, labels).
	CodeCTC = "ctc"
	// CodeCTCGrad is the gradient of the logits from (them, labels, scale).
	CodeCTCGrad = "ctc.grad"
)

// ctc is the loss per row of an output of logits of frames x classes.
func (b *builder) ctc(p, y *gorgonia.Node) *gorgonia.Node {
	s := p.Shape()
	attr := kernels.CTCShape{Rows: s[0], Frames: s[1], Classes: s[2]}
	return b.apply(Op{
		Code: CodeCTC, Attr: attr, Out: tensor.Shape{attr.Rows}, InPlace: -1, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, _, scale *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeCTCGrad, Attr: attr, Out: s, InPlace: 0}, in[0], in[1], scale), nil}
		},
	}, p, y)
}
