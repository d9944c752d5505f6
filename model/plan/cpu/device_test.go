package cpu

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

func TestMemoryIsAlignedAndDisjoint(t *testing.T) {
	sizes := plan.Sizes{5, 0, 17, 64, 3}
	mem, err := Device{}.NewMemory(sizes)
	if err != nil {
		t.Fatal(err)
	}
	for s, n := range sizes {
		view := mem.Host(plan.Ref{Space: plan.Space(s), Len: n})
		if len(view) != n || cap(view) != n {
			t.Errorf("%v: view of %d (capacity %d), want %d", plan.Space(s), len(view), cap(view), n)
		}
		if n > 0 && uintptr(unsafe.Pointer(&view[0]))%64 != 0 {
			t.Errorf("%v is not aligned to 64 bytes", plan.Space(s))
		}
		for i, v := range view {
			if v != 0 {
				t.Errorf("%v[%d] is %v: not zero, or written through another space", plan.Space(s), i, v)
			}
			view[i] = float32(s + 1)
		}
	}
}

func TestUnknownOpcode(t *testing.T) {
	if _, err := (Device{}).Scratch(&plan.Instr{Code: "fold"}); err == nil || !strings.Contains(err.Error(), `"fold"`) {
		t.Errorf("scratch of an unknown opcode: %v", err)
	}
	mem, _ := Device{}.NewMemory(plan.Sizes{})
	if _, err := (Device{}).Bind(&plan.Plan{Instrs: []plan.Instr{{Code: "fold"}}}, mem); err == nil {
		t.Error("a plan with an unknown opcode was bound")
	}
	if _, err := (Device{}).Bind(&plan.Plan{}, nil); err == nil {
		t.Error("a plan was bound to foreign memory")
	}
}

// TestSharedGradient: where two weights have one gradient, both get it.
func TestSharedGradient(t *testing.T) {
	r := newRig(t, testModels()[0], 4, 1)
	var biases []int // of the two hidden layers, equally long
	for i, g := range r.graph.Grads {
		if g.Weight.Name == "bias" && g.Weight.Size() == 10 {
			biases = append(biases, i)
		}
	}
	first, second := &r.graph.Grads[biases[0]], &r.graph.Grads[biases[1]]
	second.Node = first.Node
	p, mem := r.run(t)
	a, b := mem.Host(r.grad(first.Weight)), mem.Host(r.grad(second.Weight))
	if !slices.Equal(a, b) || slices.Max(a) == 0 {
		t.Errorf("one gradient became %v and %v", a, b)
	}
	if last := p.Instrs[len(p.Instrs)-1].Code; last != plan.CodeCopy {
		t.Errorf("the last instruction is %s", last)
	}
}

// TestStepAllocatesNothing trains every test model with each kind of optimizer.
func TestStepAllocatesNothing(t *testing.T) {
	calls := []params.Call{
		{Name: "adam"},
		{Name: "sgd", Args: map[string]params.Value{"use_ema": true}},
		{Name: "rmsprop", Args: map[string]params.Value{"momentum": 0.9, "centered": true}},
		{Name: "nadam", Args: map[string]params.Value{"clipnorm": 0.1, "weight_decay": 0.1}},
		{Name: "ftrl", Args: map[string]params.Value{"global_clipnorm": 0.1}},
	}
	for i, m := range testModels() {
		spec := m.Spec(t)
		opt, err := optimizer.New(calls[i%len(calls)])
		if err != nil {
			t.Fatal(err)
		}
		g, err := graph.Build(spec, graph.Options{Batch: 4, Training: true, Losses: m.LossList(t)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(g, Device{}, opt)
		if err != nil {
			t.Fatal(err)
		}
		mem, _ := Device{}.NewMemory(p.Sizes)
		rng := rand.New(rand.NewPCG(1, 2))
		copy(mem.Host(plan.Ref{Space: plan.Weights, Len: spec.NumWeights}), randomWeights(spec, rng))
		for _, r := range p.Inputs {
			copy(mem.Host(r), normals(r.Len, rng))
		}
		program, err := Device{}.Bind(p, mem)
		if err != nil {
			t.Fatal(err)
		}
		s, iteration := &plan.Step{}, int64(0)
		if n := testing.AllocsPerRun(20, func() {
			s.Scalars = opt.Scalars(iteration)
			if err := program.Run(s); err != nil {
				t.Error(err)
			}
			iteration++
			s.Counter++
		}); n != 0 {
			t.Errorf("%s: a step allocates %v times", m.Name, n)
		}
	}
}

// TestPlanIsReproducible: compiling twice gives the same plan.
func TestPlanIsReproducible(t *testing.T) {
	for _, m := range testModels() {
		var texts [2]string
		for i := range texts {
			r := newRig(t, m, 3, 1)
			p, _ := r.run(t)
			texts[i] = p.String()
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: two plans differ:\n%s\n%s", m.Name, texts[0], texts[1])
		}
	}
}

// TestTrainingLeavesOutWhatIsNotNeeded: of the iris network neither the softmax, nor the loss itself, nor the gradient of
// the inputs is computed.
func TestTrainingLeavesOutWhatIsNotNeeded(t *testing.T) {
	r := newRig(t, testModels()[0], 5, 1)
	p, _ := r.run(t)
	var codes []string
	for _, in := range p.Instrs {
		codes = append(codes, in.Code)
	}
	want := []string{
		"dense", "dense", "dense", "loss.grad",
		"bias.grad", "dense.dx", "dense.dw",
		"activation.bias.grad", "dense.dx", "dense.dw",
		"activation.bias.grad", "dense.dw",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("instructions %v\nwant %v", codes, want)
	}
}
