package onnx

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

// each is an operator that works on single elements, with constants behind the array.
func (l *lowering) each(op string, v value, more ...*tensor) value {
	return v.with(l.node(op, v.t.dims, append([]*tensor{v.t}, more...)...))
}

// both is an operator on two arrays of one shape, in the order that the first one that is no constant has.
func (l *lowering) both(op string, x, y value) value {
	like := x
	if (x.t.constant() || x.spread()) && !y.t.constant() {
		like = y
	}
	order := like.order()
	a, b := l.stored(x, order), l.stored(y, order)
	dims := make([]dim, len(order))
	for i := range dims {
		if dims[i] = a.dims[i]; dims[i] == one {
			dims[i] = b.dims[i]
		}
	}
	return value{l.node(op, dims, a, b), like.at, x.shape}
}

// number is an operator on an array and a number.
func (l *lowering) number(op string, v value, n float64) value {
	return l.each(op, v, l.float(float32(n)))
}

func activation(l *lowering, a graph.ActivationAttr, in instr) value {
	return l.activate(a.Act, in.in[0])
}

// activate applies an activation.
func (l *lowering) activate(act kernels.Activation, x value) value {
	with := func(op, name string, v float32, more ...attribute) value {
		n := l.add(op, x.t.dims, x.t).attr(name, v)
		n.attrs = append(n.attrs, more...)
		return x.with(n.out)
	}
	switch act {
	case kernels.Linear:
		return x
	case kernels.ReLU:
		return l.each("Relu", x)
	case kernels.Sigmoid:
		return l.each("Sigmoid", x)
	case kernels.Tanh:
		return l.each("Tanh", x)
	case kernels.ELU:
		return l.each("Elu", x)
	case kernels.SELU:
		return l.each("Selu", x)
	case kernels.Softplus:
		return l.each("Softplus", x)
	case kernels.Softsign:
		return l.each("Softsign", x)
	case kernels.Exponential:
		return l.each("Exp", x)
	case kernels.HardSigmoid:
		return with("HardSigmoid", "alpha", 1.0/6, attribute{"beta", float32(0.5)})
	case kernels.HardSigmoidV2:
		return with("HardSigmoid", "alpha", 0.2, attribute{"beta", float32(0.5)})
	case kernels.ReLU6:
		return l.clip(x, 0, 6)
	case kernels.LeakyReLU:
		return with("LeakyRelu", "alpha", 0.2)
	case kernels.SiLU:
		return l.both("Mul", x, l.each("Sigmoid", x))
	case kernels.GELU: // x/2·(1 + erf(x/√2))
		share := l.number("Add", l.each("Erf", l.number("Mul", x, 1/math.Sqrt2)), 1)
		return l.both("Mul", l.number("Mul", x, 0.5), share)
	case kernels.GELUTanh:
		cube := l.both("Mul", l.both("Mul", x, x), x)
		inner := l.number("Mul", l.both("Add", x, l.number("Mul", cube, 0.044715)), math.Sqrt(2/math.Pi))
		return l.both("Mul", l.number("Mul", x, 0.5), l.number("Add", l.each("Tanh", inner), 1))
	case kernels.Mish:
		return l.both("Mul", x, l.each("Tanh", l.each("Softplus", x)))
	}
	panic("onnx: activation " + act.String())
}

func (l *lowering) clip(x value, least, most float64) value {
	return l.each("Clip", x, l.float(float32(least)), l.float(float32(most)))
}

func function(l *lowering, a graph.FunctionAttr, in instr) value {
	x := in.in[0]
	shrink := func(bias float32) value {
		return x.with(l.add("Shrink", x.t.dims, x.t).attr("lambd", float32(0.5)).attr("bias", bias).out)
	}
	if op, ok := operators[a.Function]; ok {
		return l.each(op, x)
	}
	switch a.Function {
	case kernels.HardSiLU:
		share := l.add("HardSigmoid", x.t.dims, x.t).attr("alpha", float32(1.0/6)).attr("beta", float32(0.5)).out
		return l.both("Mul", x, x.with(share))
	case kernels.HardTanh:
		return l.clip(x, -1, 1)
	case kernels.HardShrink:
		return shrink(0)
	case kernels.SoftShrink:
		return shrink(0.5)
	case kernels.TanhShrink:
		return l.both("Sub", x, l.each("Tanh", x))
	case kernels.LogSigmoid:
		return l.each("Neg", l.each("Softplus", l.each("Neg", x)))
	case kernels.SparsePlus: // c²/4 + max(x - 1, 0) with c = clip(x + 1, 0, 2)
		c := l.clip(l.number("Add", x, 1), 0, 2)
		return l.both("Add", l.number("Mul", l.both("Mul", c, c), 0.25), l.each("Relu", l.number("Sub", x, 1)))
	case kernels.SparseSigmoid:
		return x.with(l.add("HardSigmoid", x.t.dims, x.t).attr("alpha", float32(0.5)).attr("beta", float32(0.5)).out)
	case kernels.SquarePlus:
		root := l.each("Sqrt", l.number("Add", l.both("Mul", x, x), 4))
		return l.number("Mul", l.both("Add", x, root), 0.5)
	case kernels.ReciprocalRoot:
		return l.each("Reciprocal", l.each("Sqrt", x))
	case kernels.Truncate:
		return l.both("Mul", l.each("Sign", x), l.each("Floor", l.each("Abs", x)))
	case kernels.ExponentialMinus1:
		return l.number("Sub", l.each("Exp", x), 1)
	case kernels.Logarithm1Plus:
		return l.each("Log", l.number("Add", x, 1))
	}
	panic("onnx: function " + a.Function.String())
}

// operators are the functions that ONNX has.
var operators = map[kernels.Function]string{
	kernels.Absolute:         "Abs",
	kernels.Ceiling:          "Ceil",
	kernels.Cosine:           "Cos",
	kernels.Floor:            "Floor",
	kernels.HyperbolicCosine: "Cosh",
	kernels.HyperbolicSine:   "Sinh",
	kernels.Logarithm:        "Log",
	kernels.Reciprocal:       "Reciprocal",
	kernels.Root:             "Sqrt",
	kernels.Round:            "Round",
	kernels.Sign:             "Sign",
	kernels.Sine:             "Sin",
}

// ramp is Max for x >= Max, x for Threshold < x < Max, else Slope·(x - Threshold).
func ramp(l *lowering, r kernels.Ramp, in instr) value {
	x := in.in[0]
	unbounded := math.IsInf(float64(r.Max), 1)
	switch {
	case r.Threshold == 0 && r.Slope == 0 && unbounded:
		return l.each("Relu", x)
	case r.Threshold == 0 && r.Slope == 0 && r.Max >= 0:
		return l.clip(x, 0, float64(r.Max))
	case r.Threshold == 0 && unbounded:
		return x.with(l.add("LeakyRelu", x.t.dims, x.t).attr("alpha", r.Slope).out)
	}
	above := x
	if !unbounded {
		above = l.number("Min", x, float64(r.Max))
	}
	below := l.number("Mul", l.number("Sub", x, float64(r.Threshold)), float64(r.Slope))
	low := l.node("LessOrEqual", x.t.dims, x.t, l.float(r.Threshold))
	return x.with(l.node("Where", x.t.dims, low, below.t, above.t))
}

func elu(l *lowering, a graph.ELUAttr, in instr) value {
	x := in.in[0]
	return x.with(l.add("Elu", x.t.dims, x.t).attr("alpha", a.Alpha).out)
}

func scale(l *lowering, a graph.ScaleAttr, in instr) value {
	v := in.in[0]
	switch {
	case a.Factor == -1 && a.Offset == 0:
		return l.each("Neg", v)
	case a.Factor != 1:
		v = l.number("Mul", v, float64(a.Factor))
	}
	if a.Offset != 0 {
		v = l.number("Add", v, float64(a.Offset))
	}
	return v
}

func extremum(l *lowering, a graph.ExtremumAttr, in instr) value {
	op := "Max"
	if a.Min {
		op = "Min"
	}
	return l.both(op, in.in[0], in.in[1])
}

func compare(l *lowering, a graph.CompareAttr, in instr) value {
	op := map[kernels.Relation]string{
		kernels.Less: "Less", kernels.LessEqual: "LessOrEqual", kernels.Greater: "Greater", kernels.GreaterEqual: "GreaterOrEqual",
		kernels.Equal: "Equal", kernels.NotEqual: "Equal",
	}[a.Relation]
	y := l.both(op, in.in[0], in.in[1])
	if a.Relation == kernels.NotEqual {
		y = l.each("Not", y)
	}
	return l.cast(y, floatType)
}

// cast gives elements another type.
func (l *lowering) cast(v value, to int) value {
	n := l.add("Cast", v.t.dims, v.t).attr("to", to)
	n.out.whole = to == int64Type
	return v.with(n.out)
}

// glu is the first half of the last dimension by the sigmoid of the second.
func glu(l *lowering, _ graph.RowsAttr, in instr) value {
	x, last := in.in[0], len(in.out)-1
	n := in.out[last].n
	gate := l.each("Sigmoid", l.slice(x, last, n, 2*n))
	return l.both("Mul", l.slice(x, last, 0, n), gate)
}

// known norm is (x - mean)/deviation, or back.
func knownNorm(l *lowering, a *graph.KnownNormAttr, in instr) value {
	x := in.in[0]
	small := fixed(a.Small...)
	spread := func(t *tensor) value { return value{l.reshape(t, small), upTo(len(small)), in.out} }
	var mean, deviation value
	if a.Mean != nil {
		deviations := make([]float32, len(a.Variance))
		for i, v := range a.Variance {
			deviations[i] = max(float32(math.Sqrt(float64(v))), leastDeviation)
		}
		mean, deviation = spread(l.array(a.Mean, len(a.Mean))), spread(l.array(deviations, len(deviations)))
	} else {
		mean, deviation = spread(l.plain(in.in[1])), spread(l.plain(in.in[2]))
		deviation = l.number("Max", l.each("Sqrt", deviation), leastDeviation)
	}
	if a.Invert {
		return l.both("Add", l.both("Mul", x, deviation), mean)
	}
	return l.both("Div", l.both("Sub", x, mean), deviation)
}

// leastDeviation is keras.config.epsilon().
const leastDeviation = 1e-7
