package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// eps is the unit roundoff of float32.
const eps = 1.0 / (1 << 24)

// tiny bounds the error of a float32 operation whose result is subnormal.
const tiny = 0x1p-149

// A draw is a deterministic stream of test values.
type draw uint64

func (d *draw) bits() uint64 {
	*d++
	return splitMix(uint64(*d))
}

// float returns a value in [-1, 1) with 24 bits.
func (d *draw) float() float32 { return float32(int32(d.bits()>>40)-1<<23) / (1 << 23) }

// intn returns a value in [0, n).
func (d *draw) intn(n int) int { return int(d.bits() >> 33 % uint64(n)) }

// fill sets x to values in [-1, 1) and returns it.
func (d *draw) fill(x []float32) []float32 {
	for i := range x {
		x[i] = d.float()
	}
	return x
}

// specials are the values that break careless kernels.
var specials = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-126, 1e-20, -1e20,
}

// guardWord surrounds guarded slices: a NaN with a payload, so that a kernel that reads it spoils its result.
const guardWord = 0x7fc0dead

// guardLength is the number of guard words on either side.
const guardLength = 40

// guards hands out slices between guard words and tells which of them, or which inputs, a kernel damaged.
type guards struct {
	slices []guarded
}

type guarded struct {
	name   string
	whole  []float32
	from   int
	n      int
	before []float32 // contents that must stay, nil for an output
}

// output returns n elements that a kernel may write, filled with guard words, offset elements off their usual alignment.
func (g *guards) output(name string, n, offset int) []float32 {
	whole := make([]float32, n+offset+2*guardLength)
	for i := range whole {
		whole[i] = math.Float32frombits(guardWord)
	}
	from := guardLength + offset
	g.slices = append(g.slices, guarded{name: name, whole: whole, from: from, n: n})
	return whole[from : from+n : from+n]
}

// input returns a copy of values that a kernel must not write.
func (g *guards) input(name string, values []float32, offset int) []float32 {
	x := g.output(name, len(values), offset)
	copy(x, values)
	g.slices[len(g.slices)-1].before = slices.Clone(values)
	return x
}

// damage describes the first stray write, or returns "".
func (g *guards) damage() string {
	for _, s := range g.slices {
		for i, v := range s.whole {
			at := i - s.from
			want := uint32(guardWord)
			if at >= 0 && at < s.n {
				if s.before == nil {
					continue
				}
				want = math.Float32bits(s.before[at])
			}
			if got := math.Float32bits(v); got != want {
				return fmt.Sprintf("%s[%d] of %d was overwritten: %#x, want %#x", s.name, at, s.n, got, want)
			}
		}
	}
	return ""
}

// within reports whether a float32 result is the exact value want but for an error of bound: NaN only for NaN, an
// infinity only for a value that overflows or comes within bound of doing so.
func within(got float32, want, bound float64) bool {
	g := float64(got)
	switch {
	case math.IsNaN(want) || math.IsNaN(g):
		return math.IsNaN(want) && math.IsNaN(g)
	case math.IsInf(want, 0):
		return g == want
	case math.IsInf(g, 0):
		return math.Signbit(g) == math.Signbit(want) && math.Abs(want)+bound >= math.MaxFloat32
	}
	return math.Abs(g-want) <= bound
}

// ulps is the distance of a result from the exact value in units in the last place of the result's binade; 0 when both
// are NaN or the result is the correctly rounded value, +Inf when one is NaN or the wrong infinity.
func ulps(got float32, want float64) float64 {
	rounded := float32(want)
	switch {
	case got == rounded, got != got && want != want:
		return 0
	case got != got || want != want || math.IsInf(float64(rounded), 0) || math.IsInf(float64(got), 0):
		return math.Inf(1)
	}
	ulp := tiny
	if want != 0 {
		_, e := math.Frexp(math.Abs(want)) // |want| in [2^(e-1), 2^e)
		ulp = max(ulp, math.Ldexp(1, e-24))
	}
	return math.Abs(float64(got)-want) / ulp
}

// compare fails the test at the first of the results that is off by more than its bound.
func compare(t *testing.T, what string, got []float32, want, bound []float64) {
	t.Helper()
	for i, g := range got {
		if !within(g, want[i], bound[i]) {
			t.Fatalf("%s[%d] = %v, want %v within %.3g (off by %.3g)", what, i, g, want[i], bound[i], float64(g)-want[i])
		}
	}
}

// intact fails the test when a kernel wrote where it must not.
func (g *guards) intact(t *testing.T, what string) {
	t.Helper()
	if d := g.damage(); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
}

// eachVariant runs a test once for every variant that the build and the CPU have.
func eachVariant(t *testing.T, test func(t *testing.T)) {
	for _, v := range available() {
		t.Run(v.String(), func(t *testing.T) {
			force(t, v)
			test(t)
		})
	}
}

// force makes a variant the active one until the test ends.
func force(t testing.TB, v variant) {
	before := active
	active = v
	t.Cleanup(func() { active = before })
}

// panics returns what f panics with, or nil.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
