package trainer

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestRemainders: numbers that are not in the vocabulary of an IntegerLookup have the index of their remainder, whatever whole number of 64 bits they are.
func TestRemainders(t *testing.T) {
	const rows = 4000
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 7, 64, 1000, 4095, 4096, 4097, 99991, 1 << 20, 8388593, 1 << 23} {
		m := newModel(t, fmt.Sprintf(`{"class_name": "Sequential", "keras_version": "3.15.1", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 1]}},
			{"class_name": "IntegerLookup", "config": {"name": "l", "vocabulary": [-5], "num_oov_indices": %d}}]}}`, n), compileWith("sgd", "mse"))
		data := Buffer{N: rows, Inputs: [][]float32{make([]float32, rows)}}
		for i := range rows {
			x := math.Trunc(math.Ldexp(rng.Float64(), 1+rng.IntN(63))) // every size alike
			switch {
			case i < 100:
				x = float64(n)*math.Trunc(math.Ldexp(rng.Float64(), 40)) + float64(i%3) - 1
			case i < 200:
				x = math.Ldexp(1, i%63) + float64(i%5) - 2
			case i == 200:
				x = 25165826
			case i == 201:
				x = 1000000064
			}
			if i%2 == 1 {
				x = -x
			}
			if data.Inputs[0][i] = float32(x); x == -5 {
				data.Inputs[0][i] = 0
			}
		}
		out := predictAll(t, m, data, nil)[0]
		for i, x := range data.Inputs[0] {
			whole, _ := big.NewFloat(float64(x)).Int(nil)
			if want := whole.Mod(whole, big.NewInt(int64(n))).Int64(); float64(out[i]) != float64(want) {
				t.Fatalf("%d indices: %.0f has %v, want %d", n, x, out[i], want)
			}
		}
	}
}
