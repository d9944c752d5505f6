package keras

import (
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
)

// trainingStep runs the training plan of all rows up to the gradients, in so many slices. It returns the gradients, zero for
// weights that are not trained, and the weights, in which only moving statistics change; both are in the order of the weights.
func trainingStep(t *testing.T, n *network, compile string, count int) (gradients, weights []float32) {
	t.Helper()
	c, err := params.ParseCompile(compile)
	if err != nil {
		t.Fatal(err)
	}
	s := n.spec(t)
	factors, losses := c.LossWeights, lossesOf(t, n, compile)
	if factors == nil {
		factors = slices.Repeat([]float64{1}, len(losses))
	}
	split := slicedStep(t, s, losses, n.rows(), count)
	mem, err := cpu.Device{}.NewMemory(split.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	place := plan.Ref{Space: plan.Weights, Len: s.NumWeights}
	copy(mem.Host(place), n.Weights.Values)
	for i, p := range split.Stages[0] {
		fill(t, n, losses, factors, mem, p, n.rows()*i/count)
	}
	for _, set := range split.Stages {
		runAll(t, set, mem)
	}
	if len(split.Finish) > 0 {
		runAll(t, split.Finish[0], mem)
	}
	gradients = make([]float32, s.NumWeights)
	runs, _ := plan.TrainableRuns(s)
	for _, r := range runs {
		copy(gradients[r.Weight:r.Weight+r.Len], mem.Host(plan.Ref{Space: plan.Grads, Off: r.Compact, Len: r.Len}))
	}
	return gradients, mem.Host(place)
}

// lossesOf are the losses of compile_params, one per output.
func lossesOf(t *testing.T, n *network, compile string) (losses []*loss.Loss) {
	t.Helper()
	c, err := params.ParseCompile(compile)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.Targets {
		l, err := loss.New(c.Loss[min(i, len(c.Loss)-1)])
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, l)
	}
	return losses
}

// slicedStep is the training step of so many rows in so many slices, whose first set of Finish sums the gradients.
func slicedStep(t *testing.T, s *spec.Spec, losses []*loss.Loss, rows, count int) *plan.Split {
	t.Helper()
	plans := make([]*plan.Plan, count)
	for i := range plans {
		o := graph.Options{
			Batch: rows*(i+1)/count - rows*i/count, Whole: rows, Slices: count, Training: true, Losses: losses,
		}
		g, err := graph.Build(s, o)
		if err != nil {
			t.Fatal(err)
		}
		if plans[i], err = plan.Compile(g, cpu.Device{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if count == 1 {
		return plan.Whole(plans[0])
	}
	c, err := params.ParseCompile("loss='mse', optimizer=SGD(learning_rate=0)")
	if err != nil {
		t.Fatal(err)
	}
	still, err := optimizer.New(c.Optimizer)
	if err != nil {
		t.Fatal(err)
	}
	split, err := plan.NewSplit(s, cpu.Device{}, plans, still, count)
	if err != nil {
		t.Fatal(err)
	}
	return split
}

// runAll runs plans one after the other.
func runAll(t *testing.T, plans []*plan.Plan, mem plan.Memory) {
	t.Helper()
	for _, p := range plans {
		program, err := cpu.Device{}.Bind(p, mem)
		if err != nil {
			t.Fatal(err)
		}
		if err := program.Run(&plan.Step{}); err != nil {
			t.Fatal(err)
		}
	}
}

// fill fills in the rows of a plan, from row first on, each scaled for the mean over all rows.
func fill(t *testing.T, n *network, losses []*loss.Loss, factors []float64, mem plan.Memory, p *plan.Plan, first int) {
	t.Helper()
	rowsOf := func(r plan.Ref, values []float32) {
		width := r.Len / p.Batch
		copy(mem.Host(r), values[first*width:][:r.Len])
	}
	for i, r := range p.Inputs {
		rowsOf(r, n.Inputs[i].Values)
	}
	for i, r := range p.Labels {
		labels := n.labels(i, losses[i], r.Len/p.Batch)
		rowsOf(r, labels)
		counted := 0
		for row := range slices.Chunk(labels, len(labels)/n.rows()) {
			if !losses[i].Ignore.Has(row) {
				counted++
			}
		}
		for j := range mem.Host(p.Scales[i]) {
			mem.Host(p.Scales[i])[j] = float32(factors[i] / float64(max(counted, 1)))
		}
	}
}
