package graph

import (
	"math"
	"math/bits"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func categoryEncoding(b *builder, c *call) (*gorgonia.Node, error) {
	indices := b.function(b.stop(c.in[0]), kernels.Truncate)
	return b.encode(c, c.Config.(*keras.CategoryEncoding).Encoding, indices), nil
}

func discretization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Discretization)
	indices := b.sumLast(b.against(kernels.GreaterEqual, c.in[0], cfg.Boundaries))
	return b.encode(c, cfg.Encoding, indices), nil
}

// textLookup encodes the indices that the rows hold.
func textLookup(b *builder, c *call) (*gorgonia.Node, error) {
	return b.encode(c, c.Config.(*keras.TextLookup).Encoding, b.stop(c.in[0])), nil
}

// integerLookup is Unknown + Σ (x = key)·(index - Unknown), and one of the OOV indices from Unknown on where x is no key.
func integerLookup(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.IntegerLookup)
	x := b.function(b.stop(c.in[0]), kernels.Truncate)
	found := b.against(kernels.Equal, x, cfg.Keys)
	steps := make([]float64, len(cfg.Indices))
	for i, index := range cfg.Indices {
		steps[i] = index - cfg.Unknown
	}
	indices := b.scale(1, cfg.Unknown, b.sumLast(b.multiply(found, b.row(steps, found))))
	if cfg.OOV > 1 {
		other := b.scale(-1, 1, b.sumLast(found))
		indices = b.add(indices, b.multiply(other, b.remainder(x, cfg.OOV)))
	}
	return b.encode(c, cfg.Encoding, indices), nil
}

// remainder is what a division of whole numbers x by n leaves, 0 to n-1, exactly for all that float32 has of 64 bits. They are taken apart into digits, and what the
// highest leave stands before the next one: so nothing that is divided has more bits than float32, n has at most keras.MaxOOV for that.
func (b *builder) remainder(x *gorgonia.Node, n int) *gorgonia.Node {
	const exact, widest = 24, 64
	digit := exact - bits.Len(uint(n-1))
	without := func(digits int) *gorgonia.Node { // the lowest ones
		if digits == 0 {
			return x
		}
		return b.function(b.scale(math.Ldexp(1, -digit*digits), 0, x), kernels.Floor)
	}
	count := (widest - exact + digit - 1) / digit
	above, by := without(count), b.fill(float64(n), x)
	rest := b.remainderOfExact(above, by, n)
	for i := count - 1; i >= 0; i-- {
		here := without(i)
		low := b.subtract(here, b.scale(math.Ldexp(1, digit), 0, above))
		rest = b.remainderOfExact(b.add(b.scale(math.Ldexp(1, digit), 0, rest), low), by, n)
		above = here
	}
	return rest
}

// remainderOfExact is the remainder of whole numbers of up to 24 bits by n, which by has for each: their quotient is nearer to the next whole number than its rounding error only
// where it is one.
func (b *builder) remainderOfExact(x, by *gorgonia.Node, n int) *gorgonia.Node {
	whole := b.function(b.divide(x, by), kernels.Floor)
	return b.subtract(x, b.scale(float64(n), 0, whole))
}

// against compares every element with every value; the values are a dimension behind the others.
func (b *builder) against(r kernels.Relation, x *gorgonia.Node, values []float64) *gorgonia.Node {
	s := x.Shape().Clone()
	all := append(s.Clone(), len(values))
	x = b.repeat(b.reshape(x, append(s, 1)), all)
	return b.compare(r, x, b.row(values, x))
}

// row is a list of values as the last dimension of a node in the shape of another one.
func (b *builder) row(values []float64, like *gorgonia.Node) *gorgonia.Node {
	attr := &ConstantAttr{Rows: 1, Values: float32s(values)}
	return b.broadcast(b.apply(Op{Code: CodeConstant, Attr: attr, Out: tensor.Shape{len(values)}, InPlace: -1}, like), like.Shape())
}

// sumLast is the sum over the last dimension, which goes.
func (b *builder) sumLast(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape().Clone()
	last := s.Dims() - 1
	s[last] = 1
	return b.reshape(b.sumTo(x, s), s[:last])
}

// encode makes what an Encoding says of indices, in the shape of the call's result.
func (b *builder) encode(c *call, e keras.Encoding, indices *gorgonia.Node) *gorgonia.Node {
	if e.Mode == "int" {
		return indices
	}
	categories := make([]float64, e.Depth)
	for i := range categories {
		categories[i] = float64(i)
	}
	y := b.against(kernels.Equal, indices, categories)
	if e.Mode != "one_hot" {
		s := y.Shape().Clone()
		s[1] = 1
		y = b.sumTo(y, s)
		switch e.Mode {
		case "multi_hot":
			y = b.extremum(true, y, b.fill(1, y))
		case "tf_idf":
			y = b.multiply(y, b.row(e.IDF(), y))
		}
	}
	return b.reshape(y, b.outShape(c))
}
