package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func embedding(attr any, o operands) call {
	a, x, table := attr.(graph.EmbeddingAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Embed(a.Rows, a.N, x, table, o.out) }
}

func embeddingGrad(attr any, o operands) call {
	a, x, dy := attr.(graph.EmbeddingAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.EmbedGrad(a.Rows, a.N, x, dy, o.out) }
}
