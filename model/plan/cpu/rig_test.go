package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan"
	"gorgonia.org/gorgonia"
)

// A rig is a model's training graph with the values of its inputs, once as float32 and once on the machine under test.
type rig struct {
	spec    *keras.Spec
	graph   *graph.Graph
	weights []float32
	values  map[*gorgonia.Node][]float32 // of every input node
	step    plan.Step
}

// newRig draws weights and a batch for a model.
func newRig(t testing.TB, m testModel, batch int, seed uint64) *rig {
	t.Helper()
	return newRigOf(t, m, batch, seed, 0)
}

// newRigOf does so for a graph in sections of so many nodes; see graph.Options.
func newRigOf(t testing.TB, m testModel, batch int, seed uint64, sectionNodes int) *rig {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	r := &rig{spec: m.Spec(t), values: map[*gorgonia.Node][]float32{}, step: plan.Step{Seed: seed, Counter: 3}}
	g, err := graph.Build(r.spec, graph.Options{
		Batch: batch, Training: true, Losses: m.LossList(t), Evaluator: evaluator(&r.step), SectionNodes: sectionNodes,
	})
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	r.graph = g
	r.weights = randomWeights(r.spec, rng)
	for i, n := range g.Weights {
		if n != nil {
			w := r.spec.Weights[i]
			r.values[n] = r.weights[w.Offset : w.Offset+w.Size()]
		}
	}
	for _, n := range g.Inputs {
		r.values[n] = normals(n.Shape().TotalSize(), rng)
	}
	for i, n := range g.Labels {
		width := n.Shape()[n.Dims()-1]
		r.values[n] = oneHot(n.Shape().TotalSize()/width, width, rng)
		scale := normals(batch, rng)
		for j := range scale {
			scale[j] = (0.2 + scale[j]*scale[j]) / float32(batch)
		}
		r.values[g.Scales[i]] = scale
	}
	return r
}

// run compiles the graph up to the gradients, runs it once and returns the memory.
func (r *rig) run(t testing.TB) (*plan.Plan, plan.Memory) {
	t.Helper()
	p, err := plan.Compile(r.graph, Device{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mem := r.memory(t, p)
	r.make(t, p, mem)
	return p, mem
}

// memory has the rig's values in the places of a plan.
func (r *rig) memory(t testing.TB, p *plan.Plan) plan.Memory {
	t.Helper()
	mem, err := Device{}.NewMemory(p.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	copy(mem.Host(plan.Ref{Space: plan.Weights, Len: p.Sizes[plan.Weights]}), r.weights)
	fill := func(nodes []*gorgonia.Node, refs []plan.Ref) {
		for i, n := range nodes {
			copy(mem.Host(refs[i]), r.values[n])
		}
	}
	fill(r.graph.Inputs, p.Inputs)
	fill(r.graph.Labels, p.Labels)
	fill(r.graph.Scales, p.Scales)
	return mem
}

// make runs a plan once.
func (r *rig) make(t testing.TB, p *plan.Plan, mem plan.Memory) {
	t.Helper()
	program, err := Device{}.Bind(p, mem)
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Run(&r.step); err != nil {
		t.Fatal(err)
	}
}

// grad is the place of a weight's gradient.
func (r *rig) grad(w *keras.Weight) plan.Ref {
	at := 0
	for _, l := range r.spec.Layers {
		for _, v := range l.Weights {
			if v == w {
				return plan.Ref{Space: plan.Grads, Off: at, Len: w.Size()}
			}
			if graph.Trainable(l, v) {
				at += v.Size()
			}
		}
	}
	panic("no such weight")
}

// evaluator runs single operations with the device's kernels.
func evaluator(s *plan.Step) graph.Evaluator {
	return func(op *graph.Op, in [][]float32, out []float32, side [][]float32) error {
		if op.Code == graph.CodeReshape || op.Code == graph.CodeMeet {
			copy(out, in[0])
			return nil
		}
		n, err := Device{}.Scratch(&plan.Instr{Code: op.Code, Attr: op.Attr})
		if err != nil {
			return err
		}
		table[op.Code].bind(op.Attr, operands{in, out, side, make([]float32, n)})(s)
		return nil
	}
}
