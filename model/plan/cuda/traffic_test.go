//go:build gpu

package cuda_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
	"github.com/beamfit/beamfit/model/trainer"
)

// A traffic is what a process has copied over the bus, and how often it has allocated on the GPU or pinned memory.
type traffic struct{ up, down, allocations int }

func (t traffic) less(o traffic) traffic {
	return traffic{t.up - o.up, t.down - o.down, t.allocations - o.allocations}
}

var trafficLine = regexp.MustCompile(`fakecuda: (\d+) bytes up, (\d+) down, (\d+) allocations`)

// trafficOf trains so many iterations of so many passes in a process of its own.
func trafficOf(t *testing.T, iterations, passes int) traffic {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestTraffic$")
	cmd.Env = append(os.Environ(), "FAKECUDA=traffic", fmt.Sprint("BEAMFIT_ITERATIONS=", iterations), fmt.Sprint("BEAMFIT_PASSES=", passes))
	out, err := cmd.CombinedOutput()
	m := trafficLine.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[i+1]))
	}
	return traffic{n[0], n[1], n[2]}
}

// TestTraffic: a pass over rows that stay copies their order, 4 bytes per row, and what changes from step to step, and nothing comes back; an iteration
// copies weights and optimizer state up and down once. Neither allocates on the GPU, and passes allocate nothing in Go.
func TestTraffic(t *testing.T) {
	hosttest.Driver(t)
	n := networks()[0]
	rng := rand.New(rand.NewPCG(11, 12))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	train := func(m *trainer.Model, state trainer.State, iteration, passes int) trainer.State {
		r, err := m.Train(t.Context(), trainer.TrainInput{
			Data: data, Weights: w, State: state, Seed: 7, Iteration: iteration, Fit: params.Fit{BatchSize: n.batch, Epochs: passes, Shuffle: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.State
	}
	if iterations, _ := strconv.Atoi(os.Getenv("BEAMFIT_ITERATIONS")); iterations > 0 {
		passes, _ := strconv.Atoi(os.Getenv("BEAMFIT_PASSES"))
		c.Device = open(t, cuda.Options{})
		m := model(t, c)
		state := m.NewState()
		for i := range iterations {
			state = train(m, state, i+1, passes)
			runtime.GC() // as between the iterations of a large network: what a worker has on the GPU stays
			runtime.GC()
		}
		return
	}
	one, three, twice := trafficOf(t, 1, 1), trafficOf(t, 1, 3), trafficOf(t, 2, 1)
	steps := (n.rows + n.batch - 1) / n.batch
	state := 4 * (c.Spec.NumWeights + len(model(t, c).NewState().Slots))
	for what, c := range map[string]struct {
		got                traffic
		passes, iterations int
	}{
		"two more passes":    {three.less(one), 2, 0},
		"one more iteration": {twice.less(one), 1, 1},
	} {
		want := traffic{up: c.passes*(4*n.rows+steps*(kernels.StepStateBytes+4)) + c.iterations*state, down: c.iterations * state}
		// Some steps at a time are sent, with the number 0 and the addresses of two columns; how many is a matter of how long they take.
		const header = 8 + 8*2
		headers := (c.got.up - want.up) / header
		if want.up += headers * header; c.got != want || headers < 1 || headers > c.passes*steps {
			t.Errorf("%s: %+v, want %+v and at most %d headers more", what, c.got, want, c.passes*steps)
		}
	}
	c.Device = open(t, cuda.Options{})
	m := model(t, c)
	s := train(m, m.NewState(), 1, 1)
	few := testing.AllocsPerRun(5, func() { s = train(m, s, 1, 1) })
	many := testing.AllocsPerRun(5, func() { s = train(m, s, 1, 6) })
	if few != many {
		t.Errorf("%v allocations in Go for 1 pass, %v for 6", few, many)
	}
}
