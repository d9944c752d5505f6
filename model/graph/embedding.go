package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// Codes of embeddings; Attr is an EmbeddingAttr.
const (
	// CodeEmbedding takes a row of the table for each element of x, from (x, table).
	CodeEmbedding = "embedding"
	// CodeEmbeddingGrad is the gradient of the table from (x, dy).
	CodeEmbeddingGrad = "embedding.grad"
)

// An EmbeddingAttr is the number of elements of x, and the size of the table.
type EmbeddingAttr struct{ Count, Rows, N int }

func embedding(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.Embedding), c.in[0]
	attr := EmbeddingAttr{Count: x.Shape().TotalSize(), Rows: cfg.InputDim, N: cfg.OutputDim}
	return b.apply(Op{
		Code: CodeEmbedding, Attr: attr, Out: b.outShape(c), InPlace: -1, diff: []bool{false, true},
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{
				nil, b.apply(Op{Code: CodeEmbeddingGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, in[0], grad),
			}
		},
	}, x, b.weight(c.Layer, "embeddings")), nil
}
