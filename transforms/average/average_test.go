package average

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/transforms/bundle"
)

// mean averages the vectors in the given order, cut into partial sums that are merged as a random tree.
func mean(t *testing.T, r *rand.Rand, vs []Vector) Vector {
	t.Helper()
	var parts []Sum
	for i, v := range vs {
		if i == 0 || r.IntN(2) == 0 {
			parts = append(parts, Sum{})
		}
		k := len(parts) - 1
		var err error
		if parts[k], err = parts[k].add(v, Layout{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for len(parts) > 1 {
		i := r.IntN(len(parts) - 1)
		s, err := parts[i].Merge(parts[i+1])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts[:i], append([]Sum{s}, parts[i+2:]...)...)
	}
	m, err := parts[0].mean(Layout{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func vectors(r *rand.Rand, n, p int) []Vector {
	vs := make([]Vector, n)
	for i := range vs {
		vs[i] = Vector{Rows: r.Int64N(1 << 20), Values: make([]float32, p)}
		for j := range vs[i].Values {
			// magnitudes from 2^-40 to 2^40, both signs: sums cancel
			vs[i].Values[j] = float32(math.Ldexp(r.Float64()*2-1, r.IntN(81)-40))
		}
	}
	return vs
}

func bits(v Vector) []uint32 {
	out := make([]uint32, len(v.Values))
	for i, x := range v.Values {
		out[i] = math.Float32bits(x)
	}
	return out
}

func TestMeanDoesNotDependOnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		vs := vectors(r, 2+r.IntN(9), 64)
		want := mean(t, r, vs)
		for range 20 {
			r.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
			if d := cmp.Diff(bits(want), bits(mean(t, r, vs))); d != "" {
				t.Fatalf("another order gives other weights:\n%s", d)
			}
		}
	}
}

func TestMeanIsTheExactMeanRounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	vs := vectors(r, 7, 500)
	got := mean(t, r, vs)
	for p := range got.Values {
		sum, rows := new(big.Rat), new(big.Rat)
		for _, v := range vs {
			n := new(big.Rat).SetInt64(v.Rows)
			rows.Add(rows, n)
			sum.Add(sum, n.Mul(n, new(big.Rat).SetFloat64(float64(v.Values[p]))))
		}
		exact, _ := sum.Quo(sum, rows).Float64()
		if want := float32(exact); got.Values[p] != want {
			t.Errorf("weight %d: %g, the exact mean is %g", p, got.Values[p], want)
		}
	}
}

func TestOneVectorIsUnchanged(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, v := range vectors(r, 20, 100) {
		v.Rows = 1 + r.Int64N(1<<28)
		copy(v.Values, []float32{math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)), float32(math.Copysign(0, -1))})
		if d := cmp.Diff(bits(v), bits(mean(t, r, []Vector{{Rows: 0, Values: make([]float32, 100)}, v}))); d != "" {
			t.Fatal(d)
		}
	}
}

func TestSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	other := math.Float32frombits(math.Float32bits(nan) | 1<<10)
	a := Vector{Rows: 3, Values: []float32{1, inf, inf, nan, other}}
	b := Vector{Rows: 1, Values: []float32{5, 1, -inf, 1, nan}}
	want := bits(Vector{Values: []float32{2, inf, nan, nan, nan}})
	for _, vs := range [][]Vector{{a, b}, {b, a}} {
		m := mean(t, rand.New(rand.NewPCG(1, 1)), vs)
		if d := cmp.Diff(want, bits(m)); d != "" {
			t.Error(d)
		}
		if m.Rows != 4 {
			t.Errorf("rows %d, want 4", m.Rows)
		}
	}
}

func TestSumsNeverAliasTheirInput(t *testing.T) {
	v := Vector{Rows: 2, Values: []float32{1, 2}}
	s, _ := Sum{}.add(v, Layout{}, nil)
	u, _ := Sum{}.Merge(s)
	u, _ = u.add(v, Layout{}, nil)
	u, _ = u.Merge(s)
	if v.Values[0] != 1 || s.Hi[0] != 2 || s.Rows != 2 || u.Hi[0] != 6 || u.Rows != 6 {
		t.Errorf("v %v s %v u %v", v, s, u)
	}
}

func TestMeanErrors(t *testing.T) {
	s, _ := Sum{}.add(Vector{Rows: 1, Values: []float32{1, 2}}, Layout{}, nil)
	_, short := s.add(Vector{Rows: 1, Values: []float32{1}}, Layout{}, nil)
	u, _ := Sum{}.add(Vector{Rows: 1, Values: []float32{1}}, Layout{}, nil)
	_, merged := s.Merge(u)
	_, empty := Sum{}.mean(Layout{}, nil)
	for want, err := range map[string]error{"1 weights in a sum of 2": short, "a sum of 1 weights and one of 2": merged, "no shard has rows": empty} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestCoders(t *testing.T) {
	for _, v := range []Vector{{}, {Rows: 1 << 40, Values: []float32{1.5, -2, float32(math.Inf(1)), math.SmallestNonzeroFloat32}}} {
		b, _ := v.MarshalBinary()
		got, err := decodeVector(b)
		if err != nil || got.Rows != v.Rows || !cmp.Equal(bits(got), bits(v)) {
			t.Errorf("%v came back as %v, %v", v, got, err)
		}
	}
	for _, s := range []Sum{{}, {Rows: 7, Hi: []float64{1, 1e300}, Lo: []float64{1e-20, -3}}} {
		got, err := decodeSum(encodeSum(s))
		if err != nil || !cmp.Equal(got, s) {
			t.Errorf("%v came back as %v, %v", s, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	seed, _ := Vector{Rows: 3, Values: []float32{1, 2}}.MarshalBinary()
	f.Add(seed)
	f.Add(encodeSum(Sum{Rows: 3, Hi: []float64{1}, Lo: []float64{2}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decodeVector(b)
		if err != nil {
			return
		}
		if again, err := v.MarshalBinary(); err != nil || string(again) != string(b) {
			t.Errorf("vector bytes %x changed", b)
		}
		if s, err := decodeSum(b); err == nil && string(encodeSum(s)) != string(b) {
			t.Errorf("sum bytes %x changed", b)
		}
	})
}

// Pieces are joined, in any order, to the vector that they were cut from, and averaged to the bits of its mean.
func TestPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	vs := vectors(r, 4, 100)
	want := mean(t, r, vs)
	for _, most := range []int{0, 1, 7, 50, 99, 100, 1000} {
		pieces := make([][]Vector, len(vs)) // of each vector
		for i, v := range vs {
			pieces[i] = Layout{Piece: most}.Cut(v)
		}
		var means []Vector
		for k := range pieces[0] {
			var of []Vector
			for i := range vs {
				of = append(of, pieces[i][k])
			}
			means = append(means, mean(t, r, of))
		}
		r.Shuffle(len(means), func(i, j int) { means[i], means[j] = means[j], means[i] })
		got, err := join(means...)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(bits(want), bits(got)); d != "" || got.Rows != want.Rows {
			t.Errorf("pieces of %d: %s", most, d)
		}
	}
	whole := vs[0]
	if got, err := join(whole); err != nil || &got.Values[0] != &whole.Values[0] {
		t.Errorf("a whole vector was copied, %v", err)
	}
	cut := Layout{Piece: 40}.Cut(whole)
	for name, bad := range map[string][]Vector{
		"none": nil, "one missing": cut[:2], "one twice": {cut[0], cut[0], cut[1], cut[2]}, "another's": {cut[0], Layout{Piece: 30}.Cut(whole)[1], cut[2]},
		"two whole": {whole, whole}, "beyond": {{Values: make([]float32, 3), Offset: 2, Total: 4}}, "other total": {cut[0], {Values: []float32{1}, Total: 7}},
	} {
		if _, err := join(bad...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func join(pieces ...Vector) (Vector, error) {
	return Join(func(v *Vector) bool {
		if len(pieces) == 0 {
			return false
		}
		*v, pieces = pieces[0], pieces[1:]
		return true
	})
}

// Who makes the mean of whole vectors itself gets the bits of the CombineFn, pooled variances and vectors of no rows included, and no vector is changed.
func TestJoinMean(t *testing.T) {
	run := bundle.Begin(t.Context(), bundle.Options{})
	defer func() { _ = run.End() }()
	layout := Layout{Piece: 1000, Pooled: []Moments{{Mean: 3, Variance: 10, Len: 5}}}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		vs := append(vectors(r, 1+r.IntN(9), 64), Vector{Values: make([]float32, 64)})
		fn := &meanFn{Run: run.Ref(), Layout: layout}
		sum := fn.CreateAccumulator()
		for _, v := range vs {
			var err error
			if sum, err = fn.AddInput(t.Context(), sum, Vector{Rows: v.Rows, Values: slices.Clone(v.Values)}); err != nil {
				t.Fatal(err)
			}
		}
		want, err := fn.ExtractOutput(t.Context(), sum)
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
		before := make([][]uint32, len(vs))
		for i, v := range vs {
			before[i] = bits(v)
		}
		got, err := JoinMean(t.Context(), run.Ref(), layout, each(vs))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(bits(want), bits(got)); d != "" || got.Rows != want.Rows {
			t.Fatalf("%d rows, want %d\n%s", got.Rows, want.Rows, d)
		}
		for i, v := range vs {
			if d := cmp.Diff(before[i], bits(v)); d != "" {
				t.Fatalf("vector %d was changed:\n%s", i, d)
			}
		}
	}
	for want, vs := range map[string][]Vector{
		"no shard has rows":           {{Values: []float32{1}}},
		"a vector of 1 weights":       {{Rows: 1, Values: []float32{1, 2}}, {Rows: 1, Values: []float32{1}}},
		"a piece of 1 weights from 0": {{Rows: 1, Values: []float32{1}, Total: 2}},
	} {
		if _, err := JoinMean(t.Context(), run.Ref(), Layout{}, each(vs)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// each gives vectors as a side input does.
func each(vs []Vector) func(*Vector) bool {
	return func(v *Vector) bool {
		if len(vs) == 0 {
			return false
		}
		*v, vs = vs[0], vs[1:]
		return true
	}
}

// Vectors that come one by one have the mean of a group, bit for bit, in any order and with places mixed; where some are missing there is none.
func TestOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	vs := vectors(r, 7, 100)
	run := bundle.Begin(t.Context(), bundle.Options{})
	defer func() { _ = run.End() }()
	layout := Layout{Piece: 30, OneByOne: len(vs)}
	want := mean(t, r, vs)
	var pieces []Vector
	for _, v := range vs {
		pieces = append(pieces, layout.Cut(v)...)
	}
	r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	f := newOneByOneFn(run.Ref(), layout)
	for range 2 { // bundles
		for _, v := range pieces {
			if err := f.ProcessElement(t.Context(), nil, v.Offset, v, nil); err != nil {
				t.Fatal(err)
			}
		}
		var got []Vector
		if err := f.FinishBundle(t.Context(), func(v Vector) { got = append(got, v) }); err != nil {
			t.Fatal(err)
		}
		if whole, err := join(got...); err != nil || !slices.Equal(bits(whole), bits(want)) || whole.Rows != want.Rows {
			t.Errorf("another mean, %v", err)
		}
	}
	for _, v := range pieces[1:] {
		if err := f.ProcessElement(t.Context(), nil, v.Offset, v, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.FinishBundle(t.Context(), func(Vector) {}); err == nil || !strings.Contains(err.Error(), "6 of the 7 vectors") {
		t.Errorf("a vector is missing: error %v", err)
	}
}
