package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// dot follows keras/src/layers/merging/dot.py.
func dot(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Dot)
	x, y := c.in[0], c.in[1]
	if cfg.Normalize {
		x = b.normaliseRows(CodeUnit, CodeUnitGrad, cfg.LeastNorm, x, cfg.Axes[:1])
		y = b.normaliseRows(CodeUnit, CodeUnitGrad, cfg.LeastNorm, y, cfg.Axes[1:])
	}
	k := x.Shape()[cfg.Axes[0]]
	x, m, xFirst := b.factor(x, cfg.Axes[0])
	y, n, yFirst := b.factor(y, cfg.Axes[1])
	s := kernels.MatMulShape{
		Batch: x.Shape()[0], Heads: 1, M: m, N: n, K: k, TransA: xFirst, TransB: !yFirst,
		A: columns(m, 1, k), B: columns(n, 1, k), C: columns(m, 1, n),
	}
	if xFirst {
		s.A = columns(k, 1, m)
	}
	if yFirst {
		s.B = columns(k, 1, n)
	}
	return b.matMul(s, b.outShape(c), x, y), nil
}

// factor makes a matrix of each row, whose other dimension has rows elements: the axis to sum over comes first, or else last.
func (b *builder) factor(n *gorgonia.Node, axis int) (matrices *gorgonia.Node, rows int, first bool) {
	s := n.Shape()
	rows = s.TotalSize() / s[0] / s[axis]
	switch axis {
	case s.Dims() - 1:
		return n, rows, false
	case 1:
		return n, rows, true
	}
	order, _ := lastAxis(axis, s.Dims())
	return b.permute(n, order), rows, false
}
