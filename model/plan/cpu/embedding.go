package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func embedding(a graph.EmbeddingAttr, o operands) call {
	x, table := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Embed(a.Rows, a.N, x, table, o.out) }
}

func embeddingGrad(a graph.EmbeddingAttr, o operands) call {
	x, dy := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.EmbedGrad(a.Rows, a.N, x, dy, o.out) }
}
