package average

import "testing"

// BenchmarkMean is the average of 16 shards' vectors of 1 MB, in memory that goes round.
func BenchmarkMean(b *testing.B) {
	const shards, n = 16, 1 << 18
	vs := make([]Vector, shards)
	for i := range vs {
		vs[i] = Vector{Rows: int64(3750 + i), Values: make([]float32, n)}
		for j := range vs[i].Values {
			vs[i].Values[j] = float32(i*31+j%97) / 1000
		}
	}
	spare := &Spare{}
	b.SetBytes(shards * n * 4)
	b.ReportAllocs()
	for b.Loop() {
		var s Sum
		for _, v := range vs {
			var err error
			if s, err = s.add(v, Layout{}, spare); err != nil {
				b.Fatal(err)
			}
		}
		m, err := s.mean(Layout{}, spare)
		if err != nil {
			b.Fatal(err)
		}
		spare.giveSum(s)
		spare.Give(m)
	}
}
