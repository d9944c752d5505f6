package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// vectorMaps are the element-wise functions of two slices into a third, in double precision beside.
var vectorMaps = []struct {
	name  string
	f     func(x, y, dst []float32)
	exact func(x, y float64) float64
	ulps  float64
}{
	{"Add", Add, func(x, y float64) float64 { return x + y }, 0.5},
	{"Mul", Mul, func(x, y float64) float64 { return x * y }, 0.5},
	{"Scale", func(x, _, dst []float32) { Scale(0.3, x, dst) }, func(x, _ float64) float64 { return x * float64(float32(0.3)) }, 0.5},
	{
		"axpy", func(x, y, dst []float32) { copy(dst, y); axpy(1.5, x, dst) },
		func(x, y float64) float64 { return y + 1.5*x }, 3, // terms of like size may cancel; see the values
	},
}

func TestVectorMaps(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for _, m := range vectorMaps {
			for n := range 68 {
				a, b := d.fill(make([]float32, n)), d.fill(make([]float32, n))
				for i := range b {
					b[i] += float32(math.Copysign(4, float64(a[i]))) // no cancellation
				}
				if n > 2 {
					a[d.intn(n)], b[d.intn(n)] = specials[d.intn(len(specials))], specials[d.intn(len(specials))]
				}
				var g guards
				x, y := g.input("x", a, d.intn(9)), g.input("y", b, d.intn(9))
				dst := g.output("dst", n, d.intn(9))
				m.f(x, y, dst)
				g.intact(t, fmt.Sprintf("%s of %d", m.name, n))
				for i := range dst {
					if u := ulps(dst[i], m.exact(float64(a[i]), float64(b[i]))); u > m.ulps {
						t.Fatalf("%s of %d: element %d of %v and %v is %v", m.name, n, i, a[i], b[i], dst[i])
					}
				}
			}
		}
	})
}

func TestVectorMapsInPlace(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(2)
		x, y := d.fill(make([]float32, 100)), d.fill(make([]float32, 100))
		for name, f := range map[string]func(x, y, dst []float32){"Add": Add, "Mul": Mul} {
			want := make([]float32, 100)
			f(x, y, want)
			first, second := slices.Clone(x), slices.Clone(y)
			f(first, y, first)
			f(x, second, second)
			if !slices.Equal(first, want) || !slices.Equal(second, want) {
				t.Errorf("%s in place differs", name)
			}
		}
	})
}

func TestSums(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(3)
		for n := range 200 {
			var g guards
			x := g.input("x", d.fill(make([]float32, n)), d.intn(17))
			var sum, squares float64
			for _, v := range x {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			if got := Sum64(x); math.Abs(got-sum) > 1e-13 {
				t.Fatalf("Sum64 of %d = %v, want %v", n, got, sum)
			}
			if got := SumSquares64(x); math.Abs(got-squares) > 1e-13 {
				t.Fatalf("SumSquares64 of %d = %v, want %v", n, got, squares)
			}
			g.intact(t, "sums")
		}
		if got := Sum64([]float32{1, float32(math.Inf(1))}); !math.IsInf(got, 1) {
			t.Errorf("Sum64 with +Inf = %v", got)
		}
	})
}

func TestFill(t *testing.T) {
	for n := range 68 {
		var g guards
		x := g.output("x", n, 1)
		Fill(2.5, x)
		g.intact(t, "Fill")
		for i, v := range x {
			if v != 2.5 {
				t.Fatalf("n=%d: x[%d] = %v", n, i, v)
			}
		}
	}
}
