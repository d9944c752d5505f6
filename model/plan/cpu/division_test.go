package cpu

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// sideBySide is a crew of that many cores.
type sideBySide int

func (n sideBySide) Divide(most int, do func(job, jobs int)) bool {
	jobs := min(int(n), most)
	var done sync.WaitGroup
	for job := range jobs {
		done.Go(func() { do(job, jobs) })
	}
	done.Wait()
	return true
}

func TestBounds(t *testing.T) {
	for _, d := range []division{divide(512, 32, 8), divide(100, 32, 9), divide(31, 32, 4), divide(1000, 1, 1000)} {
		for parts := 1; parts <= d.most; parts++ {
			end := 0
			for part := range parts {
				from, to := d.bounds(part, parts)
				if from != end || to <= from || part < parts-1 && to%d.grain != 0 {
					t.Errorf("%+v: part %d of %d is [%d:%d], the one before ends at %d", d, part, parts, from, to, end)
				}
				end = to
			}
			if end != d.n {
				t.Errorf("%+v: %d parts end at %d", d, parts, end)
			}
		}
	}
}

// TestDivided: instructions give the same bits however many cores they are divided among.
func TestDivided(t *testing.T) {
	call, err := params.ParseCompile("loss='mse', optimizer=Adam(lr=0.01, amsgrad=True)")
	if err != nil {
		t.Fatal(err)
	}
	adam, err := optimizer.New(call.Optimizer)
	if err != nil {
		t.Fatal(err)
	}
	muon := optimizer.Muon{A: 3.4445, B: -4.775, C: 2.0315, Momentum: 0.95, Steps: 2, Nesterov: true}
	const weights = 200_001
	relu := graph.DenseAttr{M: 100, N: 390, K: 512, Then: graph.Epilogue{Act: kernels.ReLU, Drop: graph.DropoutAttr{Rate: 0.3, Stream: 2}}}
	tanh := graph.DenseAttr{M: 60, N: 520, K: 800, Then: graph.Epilogue{Act: kernels.Tanh}}
	for _, in := range []struct {
		code    string
		attr    any
		in, out []int // lengths; of out the first is the output, the others are side
	}{
		{graph.CodeDense, relu, []int{100 * 512, 512 * 390, 390}, []int{100 * 390}},
		{graph.CodeDense, tanh, []int{60 * 800, 800 * 520}, []int{60 * 520}},
		{graph.CodeDenseInputGrad, relu, []int{100 * 390, 512 * 390}, []int{100 * 512}},
		{graph.CodeDenseKernelGrad, relu, []int{100 * 512, 100 * 390}, []int{512 * 390}},
		{plan.CodeUpdate, plan.UpdateAttr{Rule: adam.Rule}, []int{weights}, []int{weights, weights, weights, weights}},
		{plan.CodeUpdate, plan.UpdateAttr{Rule: muon, Shape: []int{300, 260}}, []int{300 * 260}, []int{300 * 260, 300 * 260}},
	} {
		run := func(crew plan.Crew) [][]float32 {
			rng := rand.New(rand.NewPCG(1, 2))
			var o operands
			for _, n := range in.in {
				o.in = append(o.in, normals(n, rng))
			}
			for i, n := range in.out {
				v := normals(n, rng)
				for k := range v {
					v[k] *= v[k] // mean squares are not negative
				}
				if i == 0 {
					o.out = v
				} else {
					o.side = append(o.side, v)
				}
			}
			n, err := Device{}.Scratch(&plan.Instr{Code: in.code, Attr: in.attr})
			if err != nil {
				t.Fatal(err)
			}
			o.scratch = make([]float32, n)
			table[in.code].bind(in.attr, o)(&plan.Step{Scalars: adam.Scalars(2), Crew: crew})
			return append([][]float32{o.out}, o.side...)
		}
		want := run(nil)
		for cores := 2; cores <= 7; cores++ {
			for i, got := range run(sideBySide(cores)) {
				if !slices.Equal(got, want[i]) {
					t.Errorf("%s on %d cores: result %d differs", in.code, cores, i)
				}
			}
		}
		counted := &counter{}
		run(counted)
		if counted.most < 3 {
			t.Errorf("%s is divided into at most %d parts", in.code, counted.most)
		}
	}
}

// A counter is a crew without cores that remembers what it was asked.
type counter struct{ most int }

func (c *counter) Divide(most int, _ func(job, jobs int)) bool {
	c.most = most
	return false
}
