package kernels

import (
	"encoding/binary"
	"math"
	"reflect"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// optimizerRows are an optimizer's step and the gradients of penalties: optimizer.cu.
var optimizerRows = map[string]row{
	graph.CodeOrthogonalGrad: where(withScratch(orthogonalGrad, orthogonalScratch), func(a graph.OrthogonalAttr) bool {
		q := orthogonalOf(a)
		return q.products.fits() && q.gradient.fits()
	}),
	graph.CodePenaltyGrad:       of(penaltyGrad),
	graph.CodeWeightPenaltyGrad: of(weightPenaltyGrad),
	plan.CodeAccumulate:         of(accumulate),
	plan.CodeAverage:            of(average),
	plan.CodeBegin:              of(beginSlot),
	plan.CodeClip:               held(where(withScratch(clip, clipScratch), func(a plan.ClipAttr) bool { return clips[a.Clip.Kind] != nil })),
	plan.CodeConstrain:          where(of(constrain), func(a plan.ConstrainAttr) bool { return a.NonNegative || sizeOf(a.Shape) < mostElements }),
	plan.CodeDecay:              held(of(decay)),
	plan.CodeUpdate:             held(where(withScratch(update, updateScratch), updateFits)),
}

// updateFits says whether a rule has kernels, for the shape of its array where it looks at one.
func updateFits(a plan.UpdateAttr) bool {
	if a.Rule == nil {
		return false
	}
	if k, ok := arrayRules[a.Rule.Kind()]; ok {
		return k.rule == reflect.TypeOf(a.Rule) && k.fits(a.Shape)
	}
	return rules[a.Rule.Kind()].rule == reflect.TypeOf(a.Rule)
}

// A ruleKernel is how a rule's step is launched.
type ruleKernel struct {
	rule   reflect.Type
	launch func(r optimizer.Rule, slots []place) (name string, args []any)
}

func ofRule[R optimizer.Rule](launch func(r R, slots []place) (name string, args []any)) ruleKernel {
	return ruleKernel{reflect.TypeFor[R](), func(r optimizer.Rule, slots []place) (string, []any) { return launch(r.(R), slots) }}
}

// rules are the rules that take each weight on its own, by their kinds.
var rules = map[string]ruleKernel{
	"Adadelta": ofRule(func(r optimizer.Adadelta, s []place) (string, []any) {
		return "update_adadelta", []any{s[0], s[1], r.Rho, r.Epsilon}
	}),
	"Adagrad": ofRule(func(r optimizer.Adagrad, s []place) (string, []any) {
		return "update_adagrad", []any{s[0], r.Epsilon}
	}),
	"Adam": ofRule(func(r optimizer.Adam, s []place) (string, []any) {
		largest := place{}
		if r.AMSGrad {
			largest = s[2]
		}
		return "update_adam", []any{s[0], s[1], largest, r.Beta1, r.Beta2, r.Epsilon}
	}),
	"Adamax": ofRule(func(r optimizer.Adamax, s []place) (string, []any) {
		return "update_adamax", []any{s[0], s[1], r.Beta1, r.Beta2, r.Epsilon}
	}),
	"Ftrl": ofRule(func(r optimizer.Ftrl, s []place) (string, []any) {
		return "update_ftrl", []any{s[0], s[1], r.Power, r.L1, r.L2, r.Shrinkage, r.Beta}
	}),
	"Lion": ofRule(func(r optimizer.Lion, s []place) (string, []any) {
		return "update_lion", []any{s[0], r.Beta1, r.Beta2}
	}),
	"Nadam": ofRule(func(r optimizer.Nadam, s []place) (string, []any) {
		return "update_nadam", []any{s[0], s[1], r.Beta1, r.Beta2, r.Epsilon}
	}),
	"RMSprop": ofRule(rmsprop),
	"ScheduleFreeAdamW": ofRule(func(r optimizer.ScheduleFreeAdamW, s []place) (string, []any) {
		return "update_schedule_free", []any{s[0], s[1], r.Beta1, r.Beta2, r.Epsilon}
	}),
	"SGD": ofRule(func(r optimizer.SGD, s []place) (string, []any) {
		if r.Momentum == 0 {
			return "update_sgd", []any{0}
		}
		return "update_sgd_momentum", []any{s[0], r.Momentum, r.Nesterov}
	}),
}

func rmsprop(r optimizer.RMSprop, slots []place) (string, []any) {
	var momentum, mean place
	rest := slots[1:]
	if r.Momentum != 0 {
		momentum, rest = rest[0], rest[1:]
	}
	if r.Centered {
		mean = rest[0]
	}
	return "update_rmsprop", []any{slots[0], momentum, mean, r.Rho, r.Momentum, r.Epsilon}
}

func update(a plan.UpdateAttr, o operands) []Launch {
	if k, ok := arrayRules[a.Rule.Kind()]; ok {
		return k.launches(a, o)
	}
	name, args := rules[a.Rule.Kind()].launch(a.Rule, o.side)
	return []Launch{stepElements(name, o, o.in[0].n, append([]any{o.out, o.in[0]}, args...)...)}
}

func updateScratch(a plan.UpdateAttr) int {
	if k, ok := arrayRules[a.Rule.Kind()]; ok {
		return k.scratch(a)
	}
	return 0
}

func accumulate(a plan.AccumulateAttr, o operands) []Launch {
	return []Launch{stepElements("update_accumulate", o, o.out.n, float64(a.Steps), o.out, o.side[0])}
}

func beginSlot(_ none, o operands) []Launch {
	return []Launch{stepElements("update_begin", o, o.out.n, o.in[0], o.out)}
}

func decay(a plan.DecayAttr, o operands) []Launch {
	return []Launch{stepElements("update_decay", o, o.out.n, a.Rate, o.out)}
}

func average(a plan.AverageAttr, o operands) []Launch {
	return []Launch{stepElements("update_average", o, o.out.n, a.Momentum, o.out, o.side[0])}
}

// clips are the ways to bound gradients that have kernels.
var clips = map[optimizer.ClipKind]func(a plan.ClipAttr, o operands) []Launch{
	optimizer.ClipNorm:       clipNorm,
	optimizer.ClipGlobalNorm: clipNorm,
	optimizer.ClipValue:      clipValue,
}

func clip(a plan.ClipAttr, o operands) []Launch { return clips[a.Clip.Kind](a, o) }

func clipValue(a plan.ClipAttr, o operands) []Launch {
	return []Launch{stepElements("update_clip_value", o, o.out.n, -a.Clip.Bound, a.Clip.Bound, o.out)}
}

// clipPart is how many gradients a block squares.
const clipPart = 16 << 10

// clipParts are the ranges of gradients, each with the parts that its norm is of: those of its array, or all.
func clipParts(a plan.ClipAttr) (parts [][4]int) {
	start := 0
	for _, n := range a.Sizes {
		first := len(parts)
		for from := 0; from < n; from += clipPart {
			parts = append(parts, [4]int{start + from, start + min(n, from+clipPart), first, 0})
		}
		for i := first; i < len(parts); i++ {
			parts[i][3] = len(parts)
		}
		start += n
	}
	if a.Clip.Kind == optimizer.ClipGlobalNorm {
		for i := range parts {
			parts[i][2], parts[i][3] = 0, len(parts)
		}
	}
	return parts
}

func clipScratch(a plan.ClipAttr) int { return 2 * len(clipParts(a)) }

func clipNorm(a plan.ClipAttr, o operands) []Launch {
	parts := clipParts(a)
	if len(parts) == 0 {
		return nil
	}
	var values []int
	for _, p := range parts {
		values = append(values, p[:]...)
	}
	table := numbers(o, values...)
	return []Launch{
		kernel("update_clip_squares", grid(len(parts)), 256, table, o.out, o.scratch),
		kernel("update_clip_norm", grid(len(parts)), 256, o.step, table, a.Clip.Bound, o.scratch, o.out),
	}
}

// indexes are whole numbers below 2^31 as constant bytes of a program.
func indexes(o operands, values []int) place {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return o.data(b)
}

// constrain bounds the norms along axes: of the elements at a start and all steps from there.
func constrain(a plan.ConstrainAttr, o operands) []Launch {
	if a.NonNegative {
		return []Launch{kernel("update_clip_value", flat(o.out.n), 256, place{}, o.out.n, 0.0, math.Inf(1), o.out)}
	}
	starts, steps := []int{0}, []int{0}
	stride, axes := o.out.n, a.Axes
	for axis, size := range a.Shape {
		stride /= size
		if len(axes) > 0 && axes[0] == axis {
			steps, axes = spread(steps, size, stride), axes[1:]
		} else {
			starts = spread(starts, size, stride)
		}
	}
	return []Launch{elements("update_constrain", len(starts), len(steps), a.Min, a.Max, a.Rate, indexes(o, starts), indexes(o, steps), o.out)}
}

// spread are all sums of an offset and one of the first size multiples of stride, from 0.
func spread(offsets []int, size, stride int) []int {
	all := make([]int, 0, len(offsets)*size)
	for _, o := range offsets {
		for i := range size {
			all = append(all, o+i*stride)
		}
	}
	return all
}

func penaltyGrad(a graph.PenaltyAttr, o operands) []Launch {
	return each("penalty_grad", o, a.Scale, a.L1, a.L2, o.in[0], place{}, o.out)
}

func weightPenaltyGrad(a graph.PenaltyAttr, o operands) []Launch {
	return each("penalty_grad", o, a.Scale, a.L1, a.L2, o.in[0], o.in[1], o.out)
}

// An orthogonal is the gradient of a penalty on the products of all pairs of rows, each divided by its norm.
type orthogonal struct {
	rows, n            int // that are compared
	products, gradient product
}

func orthogonalOf(a graph.OrthogonalAttr) orthogonal {
	rows, n := a.Matrix.Rows, a.Matrix.Columns
	if a.Matrix.Transposed {
		rows, n = n, rows
	}
	return orthogonal{
		rows: rows, n: n,
		products: product{transB: true, m: rows, n: rows, k: n, lda: n, ldb: n, ldc: rows},
		gradient: product{m: rows, n: n, k: rows, lda: rows, ldb: n, ldc: n},
	}
}

// parts are the lengths of norms, units, products and directions, each rounded up to whole lines of memory, and that of the products' scratch.
func (q orthogonal) parts() [5]int {
	line := func(n int) int { return ceil(n, 16) * 16 }
	return [5]int{line(q.rows), line(q.rows * q.n), line(q.rows * q.rows), line(q.rows * q.n), max(q.products.scratch(), q.gradient.scratch())}
}

func orthogonalScratch(a graph.OrthogonalAttr) (total int) {
	for _, n := range orthogonalOf(a).parts() {
		total += n
	}
	return total
}

func orthogonalGrad(a graph.OrthogonalAttr, o operands) []Launch {
	q := orthogonalOf(a)
	var at [5]place
	rest := o.scratch
	for i, n := range q.parts() {
		at[i], rest = rest, rest.at(n)
	}
	inverse, unit, products, direction, scratch := at[0], at[1], at[2], at[3], at[4]
	m := a.Matrix
	launches := []Launch{kernel("penalty_units", flat(32*q.rows), 256, m.Rows, m.Columns, m.Transposed, o.in[0], inverse, unit)}
	q.products.a, q.products.b, q.products.c = unit, unit, products
	q.gradient.a, q.gradient.b, q.gradient.c = products, unit, direction
	launches = append(launches, q.products.launches(scratch)...)
	launches = append(launches, elements("penalty_signs", q.rows*q.rows, q.rows, products))
	launches = append(launches, q.gradient.launches(scratch)...)
	return append(launches, kernel("penalty_orthogonal_grad", flat(32*q.rows), 256, m.Rows, m.Columns, m.Transposed, a.Factor,
		inverse, unit, direction, o.in[1], o.out))
}
