package kernels_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
	"github.com/beamfit/beamfit/model/plan/plantest"
)

// tolerance is how far results may be apart, as a share of the largest element: sums of many products are in another order than on the CPU.
const tolerance = 1e-5

// TestKernels compares kernels with the CPU's device, and the PTX of every kernel with its source.
func TestKernels(t *testing.T) {
	s := newStand(t, nil)
	t.Run("plans", func(t *testing.T) { testPlans(t, s) })
	s.modes, s.every = compiled, true
	t.Run("shapes", func(t *testing.T) { testShapes(t, s) })
	for _, name := range kernels.Names() {
		if !s.interpreted[name] && !strings.HasPrefix(name, "pass_") && !kernels.InTensorPTX(name) { // package cuda's, and TestTensorKernels'
			t.Errorf("kernel %s was not run", name)
		}
	}
}

// testPlans runs every instruction of the plans of all test models, each loss and each optimizer among them, by its kernels: on random operands as the
// CPU's device has left them for it. The first of a kind also runs in other orders of threads, and as the PTX says.
func testPlans(t *testing.T, s *stand) {
	seen := map[string]int{}
	for i, m := range plantest.Models() {
		for _, training := range []bool{true, false} {
			o := graph.Options{Batch: 6, Training: training, Losses: m.LossList(t)}
			optimizers := plantest.Optimizers(t)
			s.runPlan(t, m.Name, m.Spec(t), o, optimizers[i%len(optimizers)], seen)
		}
	}
	for _, m := range plantest.MixedModels(t) {
		s.runPlan(t, m.Name, m.Spec(t), graph.Options{Batch: 6, Training: true, Losses: m.LossList(t)}, plantest.Optimizers(t)[0], seen)
	}
	network := plantest.Models()[0]
	for _, opt := range plantest.Optimizers(t) {
		s.runPlan(t, opt.Name, network.Spec(t), graph.Options{Batch: 6, Training: true, Losses: network.LossList(t)}, opt, seen)
	}
	for _, activation := range []string{"softmax", "sigmoid", "softplus"} {
		spec := plantest.Model{JSON: plantest.Sequential(4, fmt.Sprintf(`Dense {"units":3,"activation":%q}`, activation))}.Spec(t)
		for _, call := range plantest.LossCalls() {
			l, err := loss.New(call)
			if err != nil {
				t.Fatal(err)
			}
			if l.Labels == loss.Sequences { // of frames: among the test models
				continue
			}
			o := graph.Options{Batch: 6, Training: true, Losses: []*loss.Loss{l}}
			s.runPlan(t, call.Name+" of "+activation, spec, o, plantest.Optimizers(t)[0], seen)
			o.Training = false
			s.runPlan(t, call.Name+" of "+activation, spec, o, nil, seen)
		}
	}
	t.Logf("%d kinds of instructions", len(seen))
}

// modesOf are all modes for the first instruction of a kind, else one: compiled kernels in order. An opcode with its loss, activation or rule is a
// kind.
func modesOf(in *plan.Instr, seen map[string]int) []hosttest.Mode {
	kind := in.Code
	switch a := in.Attr.(type) {
	case graph.LossAttr:
		kind += fmt.Sprintf("%T%+v", a.Form, a.Form)
	case plan.UpdateAttr:
		kind += fmt.Sprintf("%T%+v", a.Rule, a.Rule)
	case plan.ClipAttr:
		kind += fmt.Sprint(a.Clip.Kind)
	case graph.ActivationAttr, graph.FunctionAttr, graph.CompareAttr, graph.ExtremumAttr:
		kind += fmt.Sprintf("%+v", a)
	case *graph.RecurrentAttr:
		kind += fmt.Sprint(a.Cell, a.Keep, a.Bias, a.Mask, a.Drop.Rate > 0)
	case *graph.Conv2DAttr:
		kind += fmt.Sprint(a.Groups == a.C && a.C > 1)
	}
	seen[kind]++
	if seen[kind] > 1 {
		return []hosttest.Mode{{Order: 1}}
	}
	return []hosttest.Mode{{Order: 1}, {Order: -1}, {Order: 7}, {PTX: true, Order: 1}, {PTX: true, Order: 5}}
}

// runPlan runs one or two steps of a plan, instruction by instruction.
func (s *stand) runPlan(t *testing.T, name string, spec *keras.Spec, o graph.Options, opt *optimizer.Optimizer, seen map[string]int) {
	t.Helper()
	g, err := graph.Build(spec, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !o.Training {
		opt = nil
	}
	p, err := plan.Compile(g, compiler{}, opt)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	mem, err := cpu.Device{}.NewMemory(p.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	copy(mem.Host(plan.Ref{Space: plan.Weights, Len: spec.NumWeights}), plantest.RandomWeights(spec, rng))
	for _, r := range p.Inputs {
		copy(mem.Host(r), plantest.Normals(r.Len, rng))
	}
	for _, r := range p.Labels {
		copy(mem.Host(r), plantest.OneHot(p.Batch, r.Len/p.Batch, rng))
	}
	for _, r := range p.Scales {
		copy(mem.Host(r), plantest.Normals(r.Len, rng))
	}
	steps := 1
	if opt != nil {
		steps = 2
	}
	for k := range steps {
		if opt != nil {
			s.step.Scalars = opt.Scalars(int64(k))
		}
		for i := range p.Instrs {
			in := &p.Instrs[i]
			if !kernels.Native(in) {
				t.Fatalf("%s: no kernels for %v", name, in)
			}
			s.modes = modesOf(in, seen)
			worst, err := s.compare(in, mem)
			if err != nil || worst > tolerance {
				t.Errorf("%s, step %d: %v: %.2g apart, %v", name, k, in, worst, err)
			}
			if errors.Is(err, hosttest.ErrEnded) {
				t.FailNow()
			}
		}
	}
}
