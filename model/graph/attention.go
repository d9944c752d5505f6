package graph

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CodeCausalSoftmax is the softmax of rows, each over its first columns only; Attr is a CausalAttr. Its gradient is
// CodeSoftmaxGrad.
const CodeCausalSoftmax = "softmax.causal"

// Codes of the softmax of rows of which a mask excludes columns; Attr is a *kernels.MaskedSoftmaxShape. A row of which nothing is left
// becomes 1/N or 0, and has no gradient.
const (
	// CodeMaskedSoftmax is the softmax from (x, mask).
	CodeMaskedSoftmax = "softmax.masked"
	// CodeMaskedSoftmaxGrad is dx from (y, dy, mask).
	CodeMaskedSoftmaxGrad = "softmax.masked.grad"
)

// A CausalAttr is a number of matrices Queries x N: row t sees columns 0 to t.
type CausalAttr struct{ Matrices, Queries, N int }

// multiHeadAttention follows keras/src/layers/attention/multi_head_attention.py, MultiHeadAttention.call. Heads stay side by
// side in the columns of the projections.
func multiHeadAttention(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.MultiHeadAttention)
	heads := cfg.Heads
	if count(c.masks...) > 0 && c.in[0].Shape().Dims() != 3 {
		return nil, fmt.Errorf("masks of inputs with %d dimensions are not supported, only those of sequences", c.in[0].Shape().Dims())
	}
	q := b.project(c, "query", b.inSteps(c.in[0]), heads*cfg.KeyDim)
	k := b.project(c, "key", b.inSteps(c.in[1]), heads*cfg.KeyDim)
	v := b.project(c, "value", b.inSteps(c.in[2]), heads*cfg.ValueDim)
	q = b.scale(1/math.Sqrt(float64(cfg.KeyDim)), 0, q)
	queries, keys := q.Shape()[1], k.Shape()[1]
	scores := b.matMul(kernels.MatMulShape{
		Batch: b.o.Batch, Heads: heads, M: queries, N: keys, K: cfg.KeyDim, TransB: true,
		A: columns(queries, heads, cfg.KeyDim), B: columns(keys, heads, cfg.KeyDim), C: stacked(queries, heads, keys),
	}, tensor.Shape{b.o.Batch, heads, queries, keys}, q, k)
	shares := b.shares(c, scores, b.pairMask(queries, keys, c.mask(0), c.mask(1), c.mask(2)), cfg.EmptyIsZero, cfg.Dropout, cfg.Seed)
	found := b.matMul(kernels.MatMulShape{
		Batch: b.o.Batch, Heads: heads, M: queries, N: cfg.ValueDim, K: keys,
		A: stacked(queries, heads, keys), B: columns(keys, heads, cfg.ValueDim), C: columns(queries, heads, cfg.ValueDim),
	}, tensor.Shape{b.o.Batch, queries, heads * cfg.ValueDim}, shares, v)
	return b.reshape(b.project(c, "attention_output", found, tensor.Shape(cfg.Outputs).TotalSize()), b.outShape(c)), nil
}

// inSteps is a node B x T x features with all dimensions between the batch and the features as T.
func (b *builder) inSteps(n *gorgonia.Node) *gorgonia.Node {
	rows, width := rowsOf(n.Shape())
	return b.reshape(n, tensor.Shape{b.o.Batch, rows / b.o.Batch, width})
}

// project applies one of an attention's projections to rows.
func (b *builder) project(c *call, name string, x *gorgonia.Node, units int) *gorgonia.Node {
	_, k := rowsOf(x.Shape())
	w := b.reshape(b.weight(c.Layer, name+"/kernel"), tensor.Shape{k, units})
	bias := b.weight(c.Layer, name+"/bias")
	if bias != nil {
		bias = b.reshape(bias, tensor.Shape{units})
	}
	return b.affine(Epilogue{}, x, w, bias)
}

// pairMask is 1 for the pairs that count, B x queries x keys, from masks of queries, keys and values; nil without any.
func (b *builder) pairMask(queries, keys int, ofQueries, ofKeys, ofValues *gorgonia.Node) *gorgonia.Node {
	shape := tensor.Shape{b.o.Batch, queries, keys}
	var mask *gorgonia.Node
	if ofQueries != nil {
		mask = b.repeat(b.reshape(ofQueries, tensor.Shape{b.o.Batch, queries, 1}), shape)
	}
	if ofValues == ofKeys {
		ofValues = nil
	}
	for _, m := range []*gorgonia.Node{ofKeys, ofValues} {
		if m == nil {
			continue
		}
		m = b.repeat(b.reshape(m, tensor.Shape{b.o.Batch, 1, keys}), shape)
		if mask != nil {
			m = b.multiply(mask, m)
		}
		mask = m
	}
	return mask
}

// shares is what every query gives to each key, from scores (..., queries, keys), after dropout; mask may be nil. A query that has
// no key left gives 0 to each where emptyIsZero is set, else the same.
func (b *builder) shares(c *call, scores, mask *gorgonia.Node, emptyIsZero bool, rate float64, seed *int64) *gorgonia.Node {
	var shares *gorgonia.Node
	switch {
	case mask != nil:
		shares = b.maskedSoftmax(scores, mask, c.causal, emptyIsZero)
	case c.causal:
		shares = b.causalSoftmax(scores)
	default:
		shares = b.activationOfRows(scores, softmaxName)
	}
	if !b.trains(c) || rate == 0 {
		return shares
	}
	return b.drop(CodeDropout, DropoutAttr{Rate: float32(rate), Stream: c.stream(seed)}, shares)
}

func (b *builder) causalSoftmax(x *gorgonia.Node) *gorgonia.Node {
	rows, n := rowsOf(x.Shape())
	queries := x.Shape()[x.Shape().Dims()-2]
	return b.apply(Op{
		Code: CodeCausalSoftmax, Attr: CausalAttr{rows / queries, queries, n}, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeSoftmaxGrad, Attr: RowsAttr{rows, n}, Out: x.Shape(), InPlace: 1}, out, grad)}
		},
	}, x)
}

func (b *builder) maskedSoftmax(x, mask *gorgonia.Node, causal, emptyIsZero bool) *gorgonia.Node {
	s := mask.Shape()
	attr := &kernels.MaskedSoftmaxShape{
		Batch: s[0], Heads: x.Shape().TotalSize() / s.TotalSize(), Queries: s[1], N: s[2], Causal: causal, EmptyIsZero: emptyIsZero,
	}
	return b.apply(Op{
		Code: CodeMaskedSoftmax, Attr: attr, Out: x.Shape(), InPlace: 0, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			op := Op{Code: CodeMaskedSoftmaxGrad, Attr: attr, Out: x.Shape(), InPlace: 1}
			return gorgonia.Nodes{b.apply(op, out, grad, in[1]), nil}
		},
	}, x, mask)
}

// attention follows keras/src/layers/attention, attention.py and additive_attention.py.
func attention(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Attention)
	q, k, v := c.in[0], c.in[1], c.in[2]
	queries, keys, width, found := q.Shape()[1], k.Shape()[1], q.Shape()[2], v.Shape()[2]
	scale, concat := b.weight(c.Layer, "scale"), b.weight(c.Layer, "concat_score_weight")
	pairs := tensor.Shape{b.o.Batch, queries, keys}
	var scores *gorgonia.Node
	if cfg.Additive() || cfg.Concat {
		all := append(pairs.Clone(), width)
		sum := b.add(
			b.repeat(b.reshape(q, tensor.Shape{b.o.Batch, queries, 1, width}), all),
			b.repeat(b.reshape(k, tensor.Shape{b.o.Batch, 1, keys, width}), all),
		)
		if scale != nil && cfg.Concat {
			sum = b.multiply(sum, b.broadcast(scale, all))
		}
		sum = b.activation(sum, kernels.Tanh)
		if scale != nil && !cfg.Concat {
			sum = b.multiply(sum, b.broadcast(scale, all))
		}
		scores = b.reshape(b.sumTo(sum, append(pairs.Clone(), 1)), pairs)
		if concat != nil {
			scores = b.multiply(scores, b.broadcast(concat, pairs))
		}
	} else {
		scores = b.matMul(kernels.MatMulShape{
			Batch: b.o.Batch, Heads: 1, M: queries, N: keys, K: width, TransB: true,
			A: columns(queries, 1, width), B: columns(keys, 1, width), C: columns(queries, 1, keys),
		}, pairs, q, k)
		if scale != nil {
			scores = b.multiply(scores, b.broadcast(scale, pairs))
		}
	}
	shares := b.shares(c, scores, b.pairMask(queries, keys, nil, nil, c.mask(2)), false, cfg.Dropout, cfg.Seed)
	y := b.matMul(kernels.MatMulShape{
		Batch: b.o.Batch, Heads: 1, M: queries, N: found, K: keys,
		A: columns(queries, 1, keys), B: columns(keys, 1, found), C: columns(queries, 1, found),
	}, tensor.Shape{b.o.Batch, queries, found}, shares, v)
	if m := c.mask(0); m != nil {
		y = b.maskRows(y, m)
	}
	return y, nil
}
