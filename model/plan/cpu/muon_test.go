package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// A matrix is of float64.
type matrix [][]float64

func (a matrix) times(b matrix) matrix {
	c := make(matrix, len(a))
	for i := range a {
		c[i] = make([]float64, len(b[0]))
		for j := range c[i] {
			for k := range b {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func (a matrix) transposed() matrix {
	b := make(matrix, len(a[0]))
	for j := range b {
		for i := range a {
			b[j] = append(b[j], a[i][j])
		}
	}
	return b
}

// plus is x·a + y·b.
func (a matrix) plus(x float64, b matrix, y float64) matrix {
	c := make(matrix, len(a))
	for i := range a {
		for j := range a[i] {
			c[i] = append(c[i], x*a[i][j]+y*b[i][j])
		}
	}
	return c
}

func matrixOf(x []float32, columns int) (m matrix) {
	for i := 0; i < len(x); i += columns {
		row := make([]float64, columns)
		for j := range row {
			row[j] = float64(x[i+j])
		}
		m = append(m, row)
	}
	return m
}

// TestMuon compares some steps with the formulas on matrices of float64, higher, wider and square.
func TestMuon(t *testing.T) {
	const rate = 0.1
	for _, c := range []struct {
		rule  optimizer.Muon
		shape []int
	}{
		{optimizer.Muon{A: 3.4445, B: -4.775, C: 2.0315, Momentum: 0.95, RMSRate: 0.2, Steps: 5, Nesterov: true}, []int{7, 4}},
		{optimizer.Muon{A: 3, B: -4, C: 2, Momentum: 0.5, Steps: 2}, []int{3, 20}},
		{optimizer.Muon{A: 3, B: -4, C: 2, Momentum: 0.5, Steps: 1, RMSRate: 1}, []int{5, 5}},
		{optimizer.Muon{Momentum: 0.5, Nesterov: true}, []int{1, 6}}, // the norm alone
	} {
		rows, columns := c.shape[0], c.shape[1]
		rng := rand.New(rand.NewPCG(3, 4))
		p, m := normals(rows*columns, rng), make([]float32, rows*columns)
		want, momentum := matrixOf(p, columns), matrixOf(m, columns)
		attr := plan.UpdateAttr{Rule: c.rule, Shape: c.shape}
		n, err := Device{}.Scratch(&plan.Instr{Code: plan.CodeUpdate, Attr: attr})
		if err != nil {
			t.Fatal(err)
		}
		g := make([]float32, rows*columns)
		do := held(update(attr, operands{in: [][]float32{g}, out: p, side: [][]float32{m}, scratch: make([]float32, n)}))
		for range 4 {
			copy(g, normals(len(g), rng))
			gradient := matrixOf(g, columns)
			momentum = momentum.plus(c.rule.Momentum, gradient, 1)
			x := momentum
			if c.rule.Nesterov {
				x = gradient.plus(1, momentum, c.rule.Momentum)
			}
			norm := 0.0
			for _, row := range x {
				for _, v := range row {
					norm += v * v
				}
			}
			x = x.plus(1/(math.Sqrt(norm)+1e-7), x, 0)
			if rows > columns {
				x = x.transposed()
			}
			for range c.rule.Steps {
				s := x.times(x.transposed())
				x = x.plus(c.rule.A, s.plus(c.rule.B, s.times(s), c.rule.C).times(x), 1)
			}
			if rows > columns {
				x = x.transposed()
			}
			factor := rate
			if c.rule.RMSRate != 0 {
				factor *= c.rule.RMSRate * math.Sqrt(float64(max(rows, columns)))
			}
			want = want.plus(1, x, -factor)
			do(&plan.Step{Scalars: optimizer.Scalars{Rate: rate}})
		}
		before := append([]float32(nil), p...)
		do(&plan.Step{Scalars: optimizer.Scalars{Rate: rate, Hold: true}})
		for i := range p {
			if w := want[i/columns][i%columns]; math.Abs(float64(p[i])-w) > 1e-5*max(1, math.Abs(w)) {
				t.Errorf("%v: weight %d is %v, want %v", c.shape, i, p[i], w)
			}
			if p[i] != before[i] {
				t.Errorf("%v: weight %d changes where gradients are added up only", c.shape, i)
			}
		}
	}
}

// TestHold: where gradients are added up only, no rule changes anything, and what begins as the weights does so before they shrink.
func TestHold(t *testing.T) {
	for _, o := range optimizers(t) {
		for _, shape := range [][]int{{3, 4}, {12}} {
			rule, _ := o.Of("layer/weight", shape)
			attr := plan.UpdateAttr{Rule: rule, Shape: shape}
			p, slots := make([]float32, 12), make([][]float32, rule.Slots())
			for i := range slots {
				slots[i] = make([]float32, 12)
			}
			n, err := Device{}.Scratch(&plan.Instr{Code: plan.CodeUpdate, Attr: attr})
			if err != nil {
				t.Fatal(err)
			}
			g := make([]float32, 12)
			for i := range p {
				p[i], g[i] = 1, 2
			}
			s := &plan.Step{Scalars: o.Scalars(0)}
			s.Scalars.Hold = true
			held(decay(plan.DecayAttr{Rate: 0.5}, operands{out: p}))(s)
			held(update(attr, operands{in: [][]float32{g}, out: p, side: slots, scratch: make([]float32, n)}))(s)
			for i, v := range p {
				if v != 1 {
					t.Errorf("%s: weight %d becomes %v", o.Name, i, v)
				}
				for k := range slots {
					if slots[k][i] != 0 {
						t.Errorf("%s: slot %d becomes %v", o.Name, k, slots[k][i])
					}
				}
			}
		}
	}
	p, slot := []float32{1, 2}, []float32{7, 7}
	begin(none{}, operands{in: [][]float32{p}, out: slot})(&plan.Step{})
	if slot[0] != 7 {
		t.Error("a slot begins again")
	}
	if begin(none{}, operands{in: [][]float32{p}, out: slot})(&plan.Step{Scalars: optimizer.Scalars{Begin: true}}); slot[0] != 1 || slot[1] != 2 {
		t.Errorf("the slot begins as %v", slot)
	}
}
