package expr

import (
	"math"
	"slices"
	"strings"
)

// functions of every element are what they are of a number. Those of arrays belong to package graph.
var functions = map[string]func(float64) float64{
	"abs":         math.Abs,
	"ceil":        math.Ceil,
	"cos":         math.Cos,
	"cosh":        math.Cosh,
	"exp":         math.Exp,
	"expm1":       math.Expm1,
	"floor":       math.Floor,
	"log":         math.Log,
	"log1p":       math.Log1p,
	"log_sigmoid": func(x float64) float64 { return -softplus(-x) },
	"one":         func(float64) float64 { return 1 },
	"reciprocal":  func(x float64) float64 { return 1 / x },
	"relu":        func(x float64) float64 { return max(x, 0) },
	"round":       math.RoundToEven,
	"rsqrt":       func(x float64) float64 { return 1 / math.Sqrt(x) },
	"sigmoid":     func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"sign":        sign64,
	"sin":         math.Sin,
	"sinh":        math.Sinh,
	"softplus":    softplus,
	"softsign":    func(x float64) float64 { return x / (1 + math.Abs(x)) },
	"sqrt":        math.Sqrt,
	"tanh":        math.Tanh,
}

// flatFunctions have the slope 0.
var flatFunctions = []string{"ceil", "floor", "one", "round", "sign"}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sign64(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0 * x
}

func whereOf(b *binder, a *arguments) value {
	c, x, y := a.x("condition"), a.x("x"), a.x("y")
	switch {
	case !b.isTruth(c):
		b.fail(a.places["condition"], "%s: the condition must be one, such as y_pred > 0.5, found %s", a.word, b.describe(c))
	case c.kind != ofArray && c.num != 0:
		return x
	case c.kind != ofArray:
		return y
	}
	n := Node{Op: Where, Args: []int{c.node, b.operand(x, a.pos), b.operand(y, a.pos)}, truth: b.isTruth(x) && b.isTruth(y)}
	n.Shape = b.together(a.pos, a.word, n.Args...)
	return b.array(n, a.pos)
}

// castOf changes nothing but what a value may be used for: all arrays are float32.
func castOf(b *binder, a *arguments) value {
	x, t := a.x("x"), a.values["dtype"]
	if t.kind != ofText {
		b.fail(a.places["dtype"], "%s: the type must be a text such as 'float32', found %s", a.word, b.describe(t))
	}
	switch {
	case t.text == "bool":
		return b.binary("not_equal", x, number64(0), a.pos, a.word)
	case strings.HasPrefix(t.text, "float"), strings.HasPrefix(t.text, "bfloat"), b.isTruth(x), x.kind != ofArray:
		return x
	case strings.HasPrefix(t.text, "int"), strings.HasPrefix(t.text, "uint"):
		if n := b.node(x.node); n.Op == ArgMax || n.Op == Apply && slices.Contains(flatFunctions, n.Name) {
			return x
		}
		b.fail(a.pos, "%s to whole numbers: write round, floor or ceil", a.word)
	}
	b.fail(a.places["dtype"], "%s: the type %q is not read", a.word, t.text)
	return value{}
}

// clipOf: a bound that is None is none.
func clipOf(b *binder, a *arguments) value {
	v := a.x("x")
	for _, bound := range []struct{ name, operation string }{{"min", "maximum"}, {"max", "minimum"}} {
		if a.values[bound.name].kind != ofNone {
			v = b.binary(bound.operation, v, a.x(bound.name), a.pos, a.word)
		}
	}
	return v
}

// argMaxOf: the axis is the last one for K and our own form; elsewhere other defaults are nothing that people want of rows.
func argMaxOf(b *binder, a *arguments) value {
	x := a.x("x")
	if x.kind != ofArray {
		b.fail(a.places["x"], "%s of a number", a.word)
	}
	axis := len(b.shape(x)) - 1
	switch {
	case a.given["axis"]:
		axis = a.axis("axis", x)
	case a.word != "argmax" && a.word != "argmin" && !strings.HasPrefix(b.full(a.word), "keras.backend."):
		b.fail(a.pos, "%s needs axis, such as axis=-1: without it the rows are compared with each other", a.word)
	case axis < 0:
		b.fail(a.pos, "%s of a single number", a.word)
	}
	return b.along(ArgMax, x, axis, true, a.pos)
}

func argMinOf(b *binder, a *arguments) value {
	a.values["x"] = b.negative(a.x("x"), a.pos)
	return argMaxOf(b, a)
}

func alongOf(op Op) func(b *binder, a *arguments) value {
	return func(b *binder, a *arguments) value {
		x := a.x("x")
		if x.kind != ofArray {
			b.fail(a.places["x"], "%s of a number", a.word)
		}
		return b.along(op, x, a.axis("axis", x), false, a.pos)
	}
}

func expandDimsOf(b *binder, a *arguments) value {
	x := a.x("x")
	shape := slices.Clone(b.shape(value{kind: ofArray, node: b.operand(x, a.pos)}))
	axis := a.axisOf(a.values["axis"], "axis", len(shape)+1)
	return b.reshape(x, slices.Insert(shape, axis, Dim{N: 1}), a.pos)
}

func squeezeOf(b *binder, a *arguments) value {
	x := a.x("x")
	axes := a.axes("axis", x)
	var shape Shape
	for axis, d := range b.shape(x) {
		one := d == Dim{N: 1}
		if slices.Contains(axes, axis) && !one {
			b.fail(a.pos, "%s: the axis %d of an array of shape %v, which has more than one element", a.word, axis, b.shape(x))
		}
		if axes == nil && one || slices.Contains(axes, axis) {
			continue
		}
		shape = append(shape, d)
	}
	return b.reshape(x, shape, a.pos)
}

// flattened is the product of dimensions.
func flattened(s Shape) Dim {
	d := Dim{N: 1}
	for _, e := range s {
		d.N, d.Rows = min(d.N*e.N, math.MaxInt32), d.Rows || e.Rows
	}
	return d
}

func flattenOf(b *binder, a *arguments) value {
	x := a.x("x")
	if _, rows := b.shape(x).elements(); rows > 1 {
		b.fail(a.pos, "%s of an array of shape %v", a.word, b.shape(x))
	}
	return b.reshape(x, Shape{flattened(b.shape(x))}, a.pos)
}

func batchFlattenOf(b *binder, a *arguments) value {
	x := a.x("x")
	if s := b.shape(x); x.kind != ofArray || !s.byRows() {
		b.fail(a.pos, "%s of %s: expected an array with the rows in front", a.word, b.describe(x))
	}
	return b.reshape(x, Shape{b.shape(x)[0], flattened(b.shape(x)[1:])}, a.pos)
}

// reshapeOf takes shapes with -1 in front, which are the rows, or -1 alone.
func reshapeOf(b *binder, a *arguments) value {
	x, to := a.x("x"), a.values["shape"]
	from := b.shape(x)
	refuse := func() {
		b.fail(a.places["shape"], "%s: the shape must be -1, or -1 for the rows and then as many elements as a row of %v has", a.word, from)
	}
	var sizes []int
	items := to.items
	if to.kind == ofNumber {
		items = []value{to}
	}
	for _, item := range items {
		if item.kind != ofNumber || !item.whole || item.num != float64(int32(item.num)) || item.num == 0 || item.num < -1 {
			refuse()
		}
		sizes = append(sizes, int(item.num))
	}
	if len(sizes) == 1 && sizes[0] == -1 {
		return flattenOf(b, a)
	}
	if x.kind != ofArray || !from.byRows() || len(sizes) == 0 || sizes[0] != -1 {
		refuse()
	}
	shape, total := Shape{from[0]}, 1
	for _, n := range sizes[1:] {
		if n < 0 || total > math.MaxInt32 {
			refuse()
		}
		total *= n
		shape = append(shape, Dim{N: n})
	}
	if flattened(from[1:]).N != total {
		refuse()
	}
	return b.reshape(x, shape, a.pos)
}

func onesOf(b *binder, a *arguments) value { return b.apply("one", a.x("x"), a.pos) }

func stopOf(b *binder, a *arguments) value {
	x := a.x("x")
	if x.kind != ofArray {
		return x
	}
	return b.array(Node{Op: Stop, Args: []int{x.node}, Shape: b.shape(x), truth: b.isTruth(x)}, a.pos)
}
