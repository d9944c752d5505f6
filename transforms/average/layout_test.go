package average

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/keras"
)

// pool is the mean of vectors with pooled moments, as Beam makes it: piece by piece, in the order given.
func pool(t *testing.T, l Layout, vs []Vector) Vector {
	t.Helper()
	sums := map[int]Sum{}
	spare := &Spare{}
	for _, v := range vs {
		for _, piece := range l.Cut(v) {
			s, err := sums[piece.Offset].add(piece, l, spare)
			if err != nil {
				t.Fatal(err)
			}
			sums[piece.Offset] = s
		}
	}
	var means []Vector
	for _, s := range sums {
		m, err := s.mean(l, spare)
		if err != nil {
			t.Fatal(err)
		}
		means = append(means, m)
	}
	whole, err := join(means...)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// Pooled moments are those of all rows together: the mean of the shards' second moments about the common mean, exactly, rounded once, in
// whatever order and pieces the shards come.
func TestPooledMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := Layout{Pooled: []Moments{{Mean: 3, Variance: 7, Len: 4}, {Mean: 20, Variance: 25, Len: 5}}}
	for range 30 {
		vs := vectors(r, 2+r.IntN(6), 40)
		for _, v := range vs {
			for _, m := range l.Pooled {
				for i := range m.Len {
					v.Values[m.Mean+i] = 1000 + r.Float32()
					v.Values[m.Variance+i] = r.Float32() / 1000
				}
			}
		}
		got, plain := pool(t, l, vs), pool(t, Layout{}, vs)
		for _, m := range l.Pooled {
			for i := range m.Len {
				rows, mean, second := new(big.Rat), new(big.Rat), new(big.Rat)
				for _, v := range vs {
					n, x := new(big.Rat).SetInt64(v.Rows), new(big.Rat).SetFloat64(float64(v.Values[m.Mean+i]))
					rows.Add(rows, n)
					mean.Add(mean, new(big.Rat).Mul(n, x))
					square := new(big.Rat).Mul(x, x)
					square.Add(square, new(big.Rat).SetFloat64(float64(v.Values[m.Variance+i])))
					second.Add(second, square.Mul(square, n))
				}
				mean.Quo(mean, rows)
				second.Quo(second, rows)
				exact, _ := second.Sub(second, mean.Mul(mean, mean)).Float64()
				if got.Values[m.Variance+i] != float32(exact) {
					t.Errorf("variance %v, exactly %v", got.Values[m.Variance+i], exact)
				}
				plain.Values[m.Variance+i] = got.Values[m.Variance+i] // all else is as without
			}
		}
		if d := cmp.Diff(bits(plain), bits(got)); d != "" {
			t.Errorf("pooling changes other weights:\n%s", d)
		}
		for _, piece := range []int{1, 3, 7, 10, 39, 40} {
			cut := l
			cut.Piece = piece
			r.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
			if d := cmp.Diff(bits(got), bits(pool(t, cut, vs))); d != "" {
				t.Errorf("pieces of %d give other weights:\n%s", piece, d)
			}
		}
	}
}

// The moments of one shard are what they were.
func TestPooledMomentsOfOne(t *testing.T) {
	v := Vector{Rows: 1<<28 + 1, Values: []float32{1e6, -3, 0, 1e-7, 5, 0}}
	l := Layout{Pooled: []Moments{{Mean: 0, Variance: 3, Len: 3}}}
	if d := cmp.Diff(bits(v), bits(pool(t, l, []Vector{v}))); d != "" {
		t.Error(d)
	}
}

// No piece parts moments, and the pieces are the vector.
func TestPiecesKeepMomentsTogether(t *testing.T) {
	l := Layout{Piece: 10, Pooled: []Moments{{Mean: 8, Variance: 12, Len: 4}, {Mean: 30, Variance: 50, Len: 20}}}
	var got [][2]int
	for _, p := range l.Cut(Vector{Values: make([]float32, 75)}) {
		got = append(got, [2]int{p.Offset, p.Offset + len(p.Values)})
	}
	if d := cmp.Diff([][2]int{{0, 8}, {8, 18}, {18, 28}, {28, 30}, {30, 70}, {70, 75}}, got); d != "" {
		t.Error(d)
	}
}

func TestMovingMoments(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d","batch_input_shape":[null,4],"units":3}},
		{"class_name":"BatchNormalization","config":{"name":"a","axis":[-1]}},
		{"class_name":"BatchNormalization","config":{"name":"still","axis":[-1],"trainable":false}},
		{"class_name":"BatchNormalization","config":{"name":"b","axis":[-1],"scale":false,"center":false}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Moments{{Mean: 21, Variance: 24, Len: 3}, {Mean: 39, Variance: 42, Len: 3}}, MovingMoments(spec)); d != "" {
		t.Error(d)
	}
}

// Rounds with spare memory make no new vectors and sums.
func TestSpareMemoryIsUsedAgain(t *testing.T) {
	const n = 1000
	spare := &Spare{}
	round := func() {
		var s Sum
		for range 4 {
			v := Vector{Rows: 2, Values: spare.Vector(n)}
			for i := range v.Values {
				v.Values[i] = 3
			}
			s, _ = s.add(v, Layout{}, spare)
			spare.Give(v)
		}
		m, err := s.mean(Layout{}, spare)
		spare.giveSum(s)
		if err != nil || m.Values[0] != 3 || m.Values[n-1] != 3 {
			t.Fatalf("mean %v, %v", m.Values[:2], err)
		}
		spare.Give(m)
	}
	round()
	if bytes := testing.AllocsPerRun(20, round); bytes > 2 {
		t.Errorf("%v allocations in a round", bytes)
	}
	if spare.bytes != 2*4*n+16*n && spare.bytes != 4*n+16*n {
		t.Errorf("%d bytes are spare", spare.bytes)
	}
	spare.Give(Vector{Values: make([]float32, n), Total: 5 * n})
	spare.Give(Vector{Values: make([]float32, mostSpare/4)})
	if len(spare.vectors[mostSpare/4]) != 0 || len(spare.vectors[n]) > 2 {
		t.Error("a piece, or more than is kept, was taken")
	}
}
