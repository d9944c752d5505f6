//go:build gpu

package cuda_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// maths are how far the weights of a whole training may be from those with float32, and how far they must be.
var maths = []struct {
	math        cuda.Math
	least, most float64
}{
	{kernels.TF32x3, 0, 2e-6},
	{kernels.TF32, 2e-5, 2e-2},
}

// ofMath is what a training with a math makes.
func (n network) ofMath(t testing.TB, m cuda.Math) []float32 {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	c.Device = open(t, cuda.Options{Math: m})
	return n.trained(t, model(t, c), data, w, 0, params.Fit{Shuffle: true}).Weights
}

// TestMaths trains with every math: three products of TF32 give weights nearer to those of float32 than one can, and one gives others. The figures are those of the table in docs/gpu.md, which are the stand-in's: tensor cores round their sums in a way of their own.
func TestMaths(t *testing.T) {
	needs(t, kernels.TF32)
	lines := []string{"| network | tf32x3 | tf32 |", "|---|---|---|"}
	for _, n := range networks() {
		want := n.ofMath(t, kernels.Float32)
		line := "| " + n.name
		for _, m := range maths {
			d := differ(n.ofMath(t, m.math), want)
			if !(m.least <= d && d <= m.most) {
				t.Errorf("%s with %s: weights differ by %.2g from those with float32, want %.2g to %.2g", n.name, m.math, d, m.least, m.most)
			}
			line += fmt.Sprintf(" | %.1e", d)
		}
		lines = append(lines, line+" |")
	}
	table := strings.Join(lines, "\n") + "\n"
	t.Log("\n" + table)
	if os.Getenv("BEAMFIT_TEST_GPU") != "" || t.Failed() {
		return
	}
	page, err := os.ReadFile("../../../docs/gpu.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table) {
		t.Errorf("docs/gpu.md has another table")
	}
}
