package params

import (
	"errors"
	"math"
	"math/big"
	"slices"
)

// MaxOperators is how many operators of arithmetic a text may have, without signs.
const MaxOperators = 1000

// sum reads values with + and - between them, or one value.
func (p *parser) sum() expr {
	return p.operations(p.term, "+", "-")
}

// term reads values with * and / between them.
func (p *parser) term() expr {
	return p.operations(p.factor, "*", "/")
}

// operations reads what operand reads, with operators between, from left to right.
func (p *parser) operations(operand func() expr, operators ...string) expr {
	left := operand()
	for {
		operator, pos := p.operator(), p.pos
		if !slices.Contains(operators, operator) {
			return left
		}
		p.pos += len(operator)
		left = p.compute(operator, pos, left, operand())
	}
}

// factor reads a value with signs before it, which bind less than a power.
func (p *parser) factor() expr {
	p.deeper()
	defer func() { p.depth-- }()
	sign := p.peek()
	if sign != '-' && sign != '+' {
		return p.power()
	}
	pos := p.pos
	p.pos++
	e := p.factor()
	p.mustBeNumber(string(sign), e)
	if n, whole := e.literal.(int64); whole && sign == '-' {
		var err error
		if e.literal, err = computeInts("-", 0, n); err != nil {
			p.fail(pos, "%v", err)
		}
	} else if sign == '-' {
		e.literal = -e.literal.(float64)
	}
	e.pos = pos
	return e
}

// mustBeNumber refuses arithmetic with what is no number.
func (p *parser) mustBeNumber(operator string, e expr) {
	if e.kind != integer && e.kind != float {
		p.fail(e.pos, "%s is for numbers, found %s", operator, e.kind)
	}
}

// power reads a value, or one to the power of another, from right to left as in Python.
func (p *parser) power() expr {
	base := p.single()
	if p.operator() != "**" {
		return base
	}
	pos := p.pos
	p.pos += len("**")
	return p.compute("**", pos, base, p.factor())
}

// operator is the operator that comes next, "" where there is none.
func (p *parser) operator() string {
	r := p.peek()
	switch r {
	case '+', '-':
		return string(r)
	case '*', '/':
		if p.pos+1 < p.end && rune(p.text[p.pos+1]) == r {
			if r == '/' {
				p.fail(p.pos, "the operator // is not supported (known: + - * / **)")
			}
			return "**"
		}
		return string(r)
	case '%':
		p.fail(p.pos, "the operator %% is not supported (known: + - * / **)")
	}
	return ""
}

// compute is the number that an operator at pos makes of two. Whole numbers stay whole but for / and negative powers, as in Python.
func (p *parser) compute(operator string, pos int, left, right expr) expr {
	if p.operators++; p.operators > MaxOperators {
		p.fail(pos, "more than %d operators", MaxOperators)
	}
	p.mustBeNumber(operator, left)
	p.mustBeNumber(operator, right)
	e := expr{kind: float, pos: left.pos, end: right.end}
	a, wholeA := left.literal.(int64)
	b, wholeB := right.literal.(int64)
	var err error
	if wholeA && wholeB {
		e.literal, err = computeInts(operator, a, b)
	} else {
		e.literal, err = computeFloats(operator, asFloat(left.literal), asFloat(right.literal))
	}
	if err != nil {
		p.fail(pos, "%v", err)
	}
	if _, whole := e.literal.(int64); whole {
		e.kind = integer
	}
	return e
}

func asFloat(v Value) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v.(float64)
}

var (
	errByZero = errors.New("division by zero")
	errRange  = errors.New("the result is out of range")
)

// computeInts is an operation of whole numbers: a whole number, or a float.
func computeInts(operator string, a, b int64) (Value, error) {
	x, y := big.NewInt(a), big.NewInt(b)
	switch operator {
	case "+":
		x.Add(x, y)
	case "-":
		x.Sub(x, y)
	case "*":
		x.Mul(x, y)
	case "/":
		if b == 0 {
			return nil, errByZero
		}
		f, _ := big.NewRat(a, b).Float64() // rounded once
		return f, nil
	default:
		switch {
		case b < 0:
			return computeFloats(operator, float64(a), float64(b))
		case b > 63 && a >= -1 && a <= 1:
			y.SetInt64(62 + b%2) // the same
		case b > 63:
			return nil, errRange
		}
		x.Exp(x, y, nil)
	}
	if !x.IsInt64() {
		return nil, errRange
	}
	return x.Int64(), nil
}

// computeFloats is an operation of floats.
func computeFloats(operator string, a, b float64) (Value, error) {
	var f float64
	switch operator {
	case "+":
		f = a + b
	case "-":
		f = a - b
	case "*":
		f = a * b
	case "/":
		if b == 0 {
			return nil, errByZero
		}
		f = a / b
	default:
		switch {
		case a == 0 && b < 0:
			return nil, errors.New("0 has no negative power")
		case a < 0 && b != math.Trunc(b):
			return nil, errors.New("a negative number has no fractional power that is a float")
		}
		f = power(a, b)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errRange
	}
	return f, nil
}
