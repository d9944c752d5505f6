package kernels

import (
	"math"
	"reflect"

	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// An arrayRule is how the step of a rule that looks at a whole array of weights is launched: arrays.cu.
type arrayRule struct {
	rule     reflect.Type
	launches func(a plan.UpdateAttr, o operands) []Launch
	scratch  func(a plan.UpdateAttr) int
	fits     func(shape []int) bool
}

func ofArray[R optimizer.Rule](launches func(r R, shape []int, o operands) []Launch, scratch func(r R, shape []int) int, fits func(shape []int) bool) arrayRule {
	return arrayRule{
		rule:     reflect.TypeFor[R](),
		launches: func(a plan.UpdateAttr, o operands) []Launch { return launches(a.Rule.(R), a.Shape, o) },
		scratch:  func(a plan.UpdateAttr) int { return scratch(a.Rule.(R), a.Shape) },
		fits:     fits,
	}
}

// arrayRules are those rules, by their kinds.
var arrayRules = map[string]arrayRule{
	"Adafactor": ofArray(adafactor, adafactorScratch, arrayFits),
	"Lamb":      ofArray(lamb, lambScratch, arrayFits),
	"Muon": ofArray(muon, muonScratch, func(shape []int) bool {
		if !arrayFits(shape) || len(shape) != 2 {
			return false
		}
		q := newtonOf(shape)
		return q.square().fits() && q.fourth().fits() && q.change().fits()
	}),
}

// arrayFits says whether there is a shape, of an array that the kernels can count.
func arrayFits(shape []int) bool { return shape != nil && sizeOf(shape) < mostElements }

// arrayPart is how many elements a block has: ARRAY_PART of arrays.cu.
const arrayPart = 16 << 10

func arrayParts(n int) int { return max(ceil(n, arrayPart), 1) }

// sumsOf is the room for the sums of all parts, two of double precision each.
func sumsOf(n int) int { return lines(4 * arrayParts(n)) }

// ofParts is a launch with a block for each part of an array of n elements.
func ofParts(name string, n int, args ...any) Launch {
	return kernel(name, grid(arrayParts(n)), 256, args...)
}

func lambScratch(_ optimizer.Lamb, shape []int) int { return sumsOf(sizeOf(shape)) }

func lamb(r optimizer.Lamb, _ []int, o operands) []Launch {
	n, m, v := o.out.n, o.side[0], o.side[1]
	return []Launch{
		ofParts("update_lamb_means", n, o.step, n, o.out, o.in[0], m, v, r.Beta1, r.Beta2, r.Epsilon, o.scratch),
		ofParts("update_lamb", n, o.step, n, o.out, m, v, r.Epsilon, o.scratch),
	}
}

// matricesOf is an array of at least two dimensions as matrices of the last two; columns is 0 for a vector.
func matricesOf(shape []int) (matrices, rows, columns int) {
	if n := len(shape); n >= 2 {
		return sizeOf(shape[:n-2]), shape[n-2], shape[n-1]
	}
	return 0, 0, 0
}

func adafactorScratch(_ optimizer.Adafactor, shape []int) int {
	matrices, _, _ := matricesOf(shape)
	return sumsOf(sizeOf(shape)) + lines(2*matrices)
}

func adafactor(r optimizer.Adafactor, shape []int, o operands) (launches []Launch) {
	n, p, g, ofRows, ofColumns, rest := o.out.n, o.out, o.in[0], o.side[0], o.side[1], o.scratch
	matrices, rows, columns := matricesOf(shape)
	sums, means := cut(&rest, sumsOf(n)), rest
	if columns > 0 {
		launches = []Launch{
			kernel("update_adafactor_rows", flat(32*matrices*rows), 256, o.step, matrices*rows, columns, g, r.Epsilon1, ofRows),
			stepElements("update_adafactor_columns", o, matrices*columns, rows, columns, g, r.Epsilon1, ofColumns),
			kernel("update_adafactor_mean", flat(32*matrices), 256, matrices, rows, ofRows, means),
		}
	}
	return append(launches,
		ofParts("update_adafactor_sums", n, o.step, n, rows, columns, p, g, r.Epsilon1, ofRows, ofColumns, means, sums),
		ofParts("update_adafactor", n, o.step, n, rows, columns, r.Epsilon2, r.Threshold, p, g, ofRows, ofColumns, means, sums))
}

// newton are the sizes of Muon's matrices: x is rows x columns, no higher than wide, and its products with itself rows x rows.
type newton struct{ rows, columns int }

func newtonOf(shape []int) newton { return newton{min(shape[0], shape[1]), max(shape[0], shape[1])} }

// square is S = x·xᵀ, fourth S·S, and change the product of a sum of both with x.
func (q newton) square() product {
	return product{transB: true, m: q.rows, n: q.rows, k: q.columns, lda: q.columns, ldb: q.columns, ldc: q.rows}
}

func (q newton) fourth() product {
	return product{m: q.rows, n: q.rows, k: q.rows, lda: q.rows, ldb: q.rows, ldc: q.rows}
}

func (q newton) change() product {
	return product{m: q.rows, n: q.columns, k: q.rows, lda: q.rows, ldb: q.columns, ldc: q.columns}
}

func (q newton) products() int {
	return max(q.square().scratch(), q.fourth().scratch(), q.change().scratch())
}

func muonScratch(_ optimizer.Muon, shape []int) int {
	q := newtonOf(shape)
	return sumsOf(sizeOf(shape)) + 2*lines(q.rows*q.columns) + 2*lines(q.rows*q.rows) + q.products()
}

func muon(r optimizer.Muon, shape []int, o operands) []Launch {
	q, n, rest := newtonOf(shape), o.out.n, o.scratch
	sums, x, y := cut(&rest, sumsOf(n)), cut(&rest, n), cut(&rest, n)
	s, t := cut(&rest, q.rows*q.rows), cut(&rest, q.rows*q.rows)
	turned := shape[0] > shape[1]
	scale := 1.0
	if r.RMSRate != 0 {
		scale = r.RMSRate * math.Sqrt(float64(q.columns))
	}
	launches := []Launch{
		ofParts("update_muon_momentum", n, o.step, n, r.Momentum, r.Nesterov, o.in[0], o.side[0], y, sums),
		ofParts("update_muon_begin", n, n, q.rows, q.columns, turned, y, sums, x),
	}
	multiply := func(p product, a, b, c place) {
		p.a, p.b, p.c = a, b, c
		launches = append(launches, p.launches(rest)...)
	}
	combine := func(n int, a float64, x place, b float64, y place) {
		launches = append(launches, elements("update_muon_combine", n, a, x, b, y))
	}
	for range r.Steps {
		multiply(q.square(), x, x, s)
		multiply(q.fourth(), s, s, t)
		combine(q.rows*q.rows, r.B, s, r.C, t)
		multiply(q.change(), t, x, y)
		combine(n, 1, y, r.A, x)
	}
	return append(launches, stepElements("update_muon", o, n, q.rows, q.columns, turned, scale, x, o.out))
}
