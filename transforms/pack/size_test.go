package pack

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The worked examples of MADlib 2.1.0, and the sizes of the buffers that come out.
func TestBufferSize(t *testing.T) {
	for _, c := range []struct {
		rows, shards, requested int64
		elements                int64
		want                    int64
		buffers                 []int64 // first and last sizes; nil: not looked at
	}{
		{120, 1, 0, 4, 120, []int64{120}},
		{120, 3, 0, 4, 40, []int64{40, 40, 40}},
		{30, 3, 0, 4, 10, []int64{10, 10, 10}},
		{52, 1, 0, 12, 52, []int64{52}},
		{52, 2, 0, 12, 26, []int64{26, 26}},
		{52, 3, 0, 12, 18, []int64{18, 18, 16}},
		{52, 3, 10, 12, 9, []int64{9, 9, 9, 9, 9, 7}},
		{50_000, 1, 0, 3072, 16_667, []int64{16667, 16667, 16666}},
		{50_000, 3, 0, 3072, 16_667, []int64{16667, 16667, 16666}},
		{50_000, 16, 0, 3072, 3_125, nil},
		{17, 1, 5, 6, 5, []int64{5, 5, 5, 2}},
		{17, 3, 5, 6, 3, []int64{3, 3, 3, 3, 3, 2}},
		{17, 1, 4, 6, 4, []int64{4, 4, 4, 4, 1}},
		{17, 1, 1000, 6, 17, []int64{17}},
		{17, 3, 1000, 6, 6, []int64{6, 6, 5}},
		{17, 3, 1, 6, 1, slices.Repeat([]int64{1}, 17)},
		{30, 1, 7, 4, 6, []int64{6, 6, 6, 6, 6}},
		{2, 3, 0, 4, 1, []int64{1, 1}},
		{1_281_167, 16, 0, 150_528, 498, nil},
	} {
		t.Run(fmt.Sprintf("%d rows x %d, %d shards, request %d", c.rows, c.elements, c.shards, c.requested), func(t *testing.T) {
			size := BufferSize(c.rows, c.shards, c.requested, []int64{c.elements})
			if size != c.want {
				t.Fatalf("size %d, want %d", size, c.want)
			}
			if c.buffers == nil {
				return
			}
			var got []int64
			for left := c.rows; left > 0; left -= size {
				got = append(got, min(left, size))
			}
			if !slices.Equal(got, c.buffers) {
				t.Errorf("buffers %v, want %v", got, c.buffers)
			}
		})
	}
	// The variable with the most elements decides.
	if got := BufferSize(50_000, 1, 0, []int64{1, 3072, 10}); got != 16_667 {
		t.Errorf("three variables: %d", got)
	}
}

// The formula in big integers, with the bounds that follow from it.
func TestBufferSizeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Int64Range(1, 1<<40).Draw(t, "rows")
		shards := rapid.Int64Range(1, 1<<20).Draw(t, "shards")
		requested := rapid.Int64Range(0, 1<<40).Draw(t, "requested")
		d := rapid.Int64Range(1, 1<<30).Draw(t, "elements")
		got := BufferSize(rows, shards, requested, []int64{d})

		b := requested
		if b == 0 {
			b = min(ceil(maxElements, d), ceil(rows, shards))
		}
		b = min(b, rows)
		per := new(big.Int).Mul(big.NewInt(b), big.NewInt(shards))
		buffers, rest := new(big.Int).QuoRem(big.NewInt(rows), per, new(big.Int))
		if rest.Sign() > 0 {
			buffers.Add(buffers, big.NewInt(1))
		}
		want := ceil(rows, buffers.Int64()*shards)
		if got != want || got < 1 || got > b {
			t.Fatalf("got %d, want %d, at most %d", got, want, b)
		}
	})
}
