package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// codesOf are the opcodes of the groups of a plan.
func codesOf(t *testing.T, p *plan.Plan) (codes [][]string) {
	t.Helper()
	m, err := Device{}.NewMemory(p.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	instrs, err := bindAll(p, m.(*memory))
	if err != nil {
		t.Fatal(err)
	}
	code := map[*bound]string{}
	for i, b := range instrs {
		code[b] = p.Instrs[i].Code
	}
	kernelGradsFirst(instrs)
	for len(instrs) > 0 {
		var g group
		g, instrs = gather(instrs)
		var c []string
		for _, b := range g.members() {
			c = append(c, code[b])
		}
		codes = append(codes, c)
	}
	return codes
}

// TestResidualBlockIsJoined: a slice of a batch takes the sweeps of a block of a ResNet with its convolutions, in both directions.
func TestResidualBlockIsJoined(t *testing.T) {
	const conv = `Conv2D {"filters":16,"kernel_size":[3,3],"padding":"same"}`
	m := newModel("block", sequential(8*8*16, `Reshape {"target_shape":[8,8,16]}`, conv, `BatchNormalization {"axis":[-1]}`,
		`Activation {"activation":"relu"}`, conv, `BatchNormalization {"axis":[-1]}`, `Activation {"activation":"relu"}`, `GlobalAveragePooling2D {}`,
		`Dense {"units":3,"activation":"softmax"}`), cce)
	g, err := graph.Build(m.Spec(t), graph.Options{Batch: 4, Whole: 8, Slices: 2, Training: true, Losses: m.LossList(t)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Compile(g, Device{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	codes := codesOf(t, p)
	for _, want := range [][]string{
		{graph.CodeConv2D, graph.CodeBatchNormSums},
		{graph.CodeBatchNorm, graph.CodeActivation, graph.CodeConv2D, graph.CodeBatchNormSums},
		{graph.CodeBatchNormGrad, graph.CodeBiasGrad, graph.CodeConv2DKernelGrad},
		{graph.CodeConv2DInputGrad, graph.CodeActivationGrad, graph.CodeBatchNormGradSums},
	} {
		if !slices.ContainsFunc(codes, func(c []string) bool { return slices.Equal(c, want) }) {
			t.Errorf("no group %v in %v", want, codes)
		}
	}
}

// TestJoinedInstructionsKeepBits: every model gives the same bits whether or not its instructions are joined.
func TestJoinedInstructionsKeepBits(t *testing.T) {
	for _, m := range append(testModels(), ofSeveralImages()...) {
		r := newRig(t, m, 5, 1)
		p, joined := r.run(t)
		apart := r.memory(t, p)
		instrs, err := bindAll(p, apart.(*memory))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range instrs {
			b.call(&r.step)
		}
		for _, s := range []plan.Space{plan.Weights, plan.Grads} {
			whole := plan.Ref{Space: s, Len: p.Sizes[s]}
			if !slices.EqualFunc(joined.Host(whole), apart.Host(whole), sameBits) {
				t.Errorf("%s: %v differ", m.Name, s)
			}
		}
	}
}

// ofSeveralImages are networks whose convolution has several images for a row of the batch, all of which a sweep behind it takes at once.
func ofSeveralImages() []testModel {
	flat := []string{`BatchNormalization {}`, `Dense {"units":3,"activation":"softmax"}`}
	of := func(layers ...string) []string { return append(layers, flat...) }
	inner := `TimeDistributed {"layer":{"class_name":"Conv2D","config":{"filters":4,"kernel_size":[%s],"padding":"same"}}}`
	return []testModel{
		newModel("volume", sequential(3*6*6*2, of(`Reshape {"target_shape":[3,6,6,2]}`, `Conv3D {"filters":4,"kernel_size":[1,3,3],"padding":"same"}`, `Flatten {}`)...), cce),
		newModel("frames", sequential(3*8*8*16, of(`Reshape {"target_shape":[3,8,8,16]}`, fmt.Sprintf(inner, "3,3"), `Reshape {"target_shape":[768]}`)...), cce),
		newModel("frames, 1x1", sequential(3*4*4*2, of(`Reshape {"target_shape":[3,4,4,2]}`, fmt.Sprintf(inner, "1,1"), `Reshape {"target_shape":[192]}`)...), cce),
	}
}

// TestJoinRefuses: instructions whose places overlap otherwise than element by element, whose elements are not as many, or that have nothing
// in common, are not joined.
func TestJoinRefuses(t *testing.T) {
	const n = 96
	at := func(off int) plan.Ref { return plan.Ref{Space: plan.Work, Off: off, Len: n} }
	relu := func(in, out plan.Ref) plan.Instr {
		return plan.Instr{Code: graph.CodeActivation, Attr: graph.ActivationAttr{Act: kernels.ReLU}, In: []plan.Ref{in}, Out: out}
	}
	columns := func(c int, x plan.Ref, db int) plan.Instr {
		return plan.Instr{Code: graph.CodeBiasGrad, Attr: graph.RowsAttr{Rows: n / c, N: c}, In: []plan.Ref{x}, Out: plan.Ref{Space: plan.Work, Off: db, Len: c}}
	}
	for _, c := range []struct {
		name   string
		instrs []plan.Instr
		groups int
	}{
		{"in place", []plan.Instr{relu(at(0), at(n)), relu(at(n), at(n))}, 1},
		{"back to the first", []plan.Instr{relu(at(0), at(n)), relu(at(n), at(0))}, 1},
		{"over half of the input", []plan.Instr{relu(at(0), at(2*n)), relu(at(2*n), at(n/2))}, 2},
		{"half of the output", []plan.Instr{relu(at(0), at(n)), relu(at(n+n/2), at(3*n))}, 2},
		{"others", []plan.Instr{relu(at(0), at(n)), relu(at(2*n), at(3*n))}, 2},
		{"columns", []plan.Instr{relu(at(0), at(n)), columns(16, at(n), 2*n)}, 1},
		{"columns of two widths", []plan.Instr{columns(16, at(0), 2*n), columns(8, at(0), 3*n)}, 1},
		{"widths that do not fit", []plan.Instr{columns(16, at(0), 2*n), columns(24, at(0), 3*n)}, 2},
		{"sums over the input", []plan.Instr{relu(at(0), at(n)), columns(16, at(n), 8)}, 2},
		{"what the sums are", []plan.Instr{columns(48, at(0), n), relu(at(n), at(2*n))}, 2},
	} {
		if codes := codesOf(t, &plan.Plan{Instrs: c.instrs, Sizes: plan.Sizes{plan.Work: 4 * n}}); len(codes) != c.groups {
			t.Errorf("%s: %v, want %d groups", c.name, codes, c.groups)
		}
	}
}
