package kernels_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
	"github.com/beamfit/beamfit/model/plan/plantest"
)

// A shape is an instruction with operands of its own: lengths of in, out and side, and what to put in where normal numbers will not do.
type shape struct {
	code string
	attr any
	in   []int
	out  int
	side []int
	held bool // of the instruction
	fill func(in [][]float32, rng *rand.Rand)
}

// run compares the shape's instruction on random operands.
func (s *stand) run(t *testing.T, c shape) (ok bool) {
	t.Helper()
	instr := plan.Instr{Code: c.code, Attr: c.attr, Held: c.held}
	used := 0
	place := func(n int) plan.Ref {
		r := plan.Ref{Space: plan.Work, Off: used, Len: n}
		used += (n + 15) / 16 * 16
		return r
	}
	for _, n := range c.in {
		instr.In = append(instr.In, place(n))
	}
	instr.Out = place(c.out)
	for _, n := range c.side {
		instr.Side = append(instr.Side, place(n))
	}
	scratch, err := compiler{}.Scratch(&instr)
	if err != nil {
		t.Fatal(err)
	}
	if scratch > 0 {
		instr.Scratch = place(scratch)
	}
	mem, err := cpu.Device{}.NewMemory(plan.Sizes{plan.Work: used})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var in [][]float32
	for _, r := range instr.In {
		copy(mem.Host(r), plantest.Normals(r.Len, rng))
		in = append(in, mem.Host(r))
	}
	copy(mem.Host(instr.Out), plantest.Normals(c.out, rng)) // for instructions that change it
	if c.fill != nil {
		c.fill(in, rng)
	}
	if !kernels.Native(&instr) {
		t.Errorf("%s with %+v has no kernels", c.code, c.attr)
		return false
	}
	worst, err := s.compare(&instr, mem)
	s.worst = max(s.worst, worst)
	if err != nil || worst > s.tolerance {
		t.Errorf("%s with %+v: %.2g apart, %v", c.code, c.attr, worst, err)
		return false
	}
	return true
}

// testShapes has sizes for which products have parts or large tiles, columns and rows are more than a block or a warp, and nothing is a multiple of
// anything.
func testShapes(t *testing.T, s *stand) {
	s.products(t, [][3]int{{1, 1, 1}, {65, 70, 33}, {3, 130, 1000}, {1537, 1409, 3}, {1537, 3, 1409}, {3, 1409, 1537}})
	for _, rows := range [][2]int{{5, 1}, {3001, 70}, {20000, 3}, {7, 1000}} {
		s.columns(t, rows[0], rows[1])
		s.rows(t, rows[0]%100+1, rows[1])
	}
	s.run(t, shape{code: graph.CodeEmbedding, attr: graph.EmbeddingAttr{Count: 700, Rows: 11, N: 130}, in: []int{700, 11 * 130}, out: 700 * 130, fill: words(13)})
	s.run(t, shape{code: graph.CodeEmbeddingGrad, attr: graph.EmbeddingAttr{Count: 700, Rows: 11, N: 130}, in: []int{700, 700 * 130}, out: 11 * 130, fill: words(13)})
	s.run(t, shape{code: graph.CodePermute, attr: &graph.PermuteAttr{Shape: []int{7, 5, 3, 11}, From: []int{2, 0, 3, 1}}, in: []int{1155}, out: 1155})
	for _, small := range [][]int{{1, 5, 1, 11}, {7, 1, 3, 1}, {1, 1, 3, 11}, {1, 1, 1, 1}, {7, 5, 3, 11}} {
		n := small[0] * small[1] * small[2] * small[3]
		a := &graph.BroadcastAttr{Small: small, Big: []int{7, 5, 3, 11}}
		s.run(t, shape{code: graph.CodeBroadcast, attr: a, in: []int{n}, out: 1155})
		s.run(t, shape{code: graph.CodeBroadcastGrad, attr: a, in: []int{1155}, out: n})
	}
	norms := plan.ConstrainAttr{Min: 4, Max: 5, Rate: 0.7, Axes: []int{0, 2}, Shape: []int{5, 7, 3}}
	s.run(t, shape{code: plan.CodeConstrain, attr: norms, out: 105})
	s.run(t, shape{code: plan.CodeConstrain, attr: plan.ConstrainAttr{NonNegative: true, Shape: []int{70}}, out: 70})
	clip := plan.ClipAttr{Clip: optimizer.Clip{Kind: optimizer.ClipNorm, Bound: 3}, Sizes: []int{40000, 5, 17000}}
	s.run(t, shape{code: plan.CodeClip, attr: clip, out: 57005})
	clip.Clip.Kind = optimizer.ClipGlobalNorm
	s.run(t, shape{code: plan.CodeClip, attr: clip, out: 57005})
	s.arrays(t)
	for _, cell := range []host.Cell{host.SimpleCell, host.LSTMCell, host.GRUCell, host.GRUResetAfterCell} {
		for _, drop := range []float32{0, 0.4} {
			s.recurrence(t, cell, drop)
		}
	}
}

// arrays are the rules that look at whole arrays, of more than one part each, and a step of each that is held.
func (s *stand) arrays(t *testing.T) {
	t.Helper()
	before := s.step.Scalars
	defer func() { s.step.Scalars = before }()
	for _, hold := range []bool{false, true} {
		s.step.Scalars = optimizer.Scalars{Rate: 0.01, Corrected: 0.008, Mean: 1.25, Square: 0.75, Hold: hold}
		for _, c := range []struct {
			rule  optimizer.Rule
			shape []int
		}{
			{optimizer.Lamb{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}, []int{201, 200}},
			{optimizer.Adafactor{Epsilon1: 1e-30, Epsilon2: 1e-3, Threshold: 1}, []int{40001}},
			{optimizer.Adafactor{Epsilon1: 1e-30, Epsilon2: 1e-3, Threshold: 0.5}, []int{3, 2, 45, 130}},
			{optimizer.Muon{A: 3.4445, B: -4.775, C: 2.0315, Momentum: 0.95, Steps: 2, Nesterov: true, RMSRate: 0.2}, []int{70, 300}},
			{optimizer.Muon{A: 3.4445, B: -4.775, C: 2.0315, Momentum: 0.95, Steps: 2}, []int{300, 70}},
		} {
			n := 1
			for _, d := range c.shape {
				n *= d
			}
			side := []int{n, n}[:c.rule.Slots()]
			s.run(t, shape{code: plan.CodeUpdate, attr: plan.UpdateAttr{Rule: c.rule, Shape: c.shape}, in: []int{n}, out: n, side: side, held: true})
		}
	}
}

// products are those of matrices, dense layers of these sizes among them, and of convolutions.
func (s *stand) products(t *testing.T, sizes [][3]int) {
	t.Helper()
	for _, m := range sizes {
		s.dense(t, m[0], m[1], m[2], graph.Epilogue{Act: host.ReLU, Drop: graph.DropoutAttr{Rate: 0.3, Stream: 2}})
	}
	s.dense(t, 70, 5, 9, graph.Epilogue{Act: host.GELU})
	both := host.MatMulShape{Batch: 1, Heads: 1, M: 66, N: 5, K: 7, TransA: true, TransB: true, A: host.Layout{Row: 66}, B: host.Layout{Row: 7}, C: host.Layout{Row: 5}}
	s.run(t, shape{code: graph.CodeMatMul, attr: &graph.MatMulAttr{MatMulShape: both}, in: []int{66 * 7, 35}, out: 330})
	for _, transposed := range []bool{false, true} {
		// two batches of three heads: heads are ranges of columns of a and matrices of their own in b and c
		s.run(t, shape{code: graph.CodeMatMul, attr: &graph.MatMulAttr{MatMulShape: host.MatMulShape{
			Batch: 2, Heads: 3, M: 67, N: 5, K: 33, TransB: transposed,
			A: host.Layout{Batch: 67 * 99, Head: 33, Row: 99}, B: host.Layout{Batch: 3 * 165, Head: 165, Row: map[bool]int{false: 5, true: 33}[transposed]},
			C: host.Layout{Batch: 3 * 335, Head: 335, Row: 5},
		}}, in: []int{2 * 67 * 99, 6 * 165}, out: 6 * 335})
	}
	for _, c := range []host.Conv2DShape{
		{N: 2, H: 19, W: 17, C: 5, KH: 3, KW: 2, F: 70, SH: 1, SW: 1, DH: 1, DW: 1, PadTop: 1, PadBottom: 1, Groups: 1},
		{N: 3, H: 9, W: 11, C: 4, KH: 2, KW: 3, F: 6, SH: 2, SW: 3, DH: 2, DW: 1, PadLeft: 2, PadRight: 1, Groups: 2},
		{N: 1, H: 8, W: 8, C: 33, KH: 3, KW: 3, F: 66, SH: 2, SW: 1, DH: 1, DW: 2, PadTop: 2, PadLeft: 1, Groups: 33},
		{N: 1, H: 5, W: 6, C: 40, KH: 2, KW: 2, F: 9, SH: 1, SW: 1, DH: 1, DW: 1, Groups: 1},
		{N: 4, H: 33, W: 33, C: 3, KH: 3, KW: 3, F: 33, SH: 1, SW: 1, DH: 1, DW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, Groups: 1},
		{N: 4, H: 33, W: 33, C: 5, KH: 3, KW: 3, F: 10, SH: 1, SW: 1, DH: 1, DW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, Groups: 5},
	} {
		s.convolution(t, c)
	}
}

// words are numbers of rows, of which a few are none of the table.
func words(most int) func(in [][]float32, rng *rand.Rand) {
	return func(in [][]float32, rng *rand.Rand) {
		for i := range in[0] {
			in[0][i] = float32(rng.IntN(most)) - 1.5 + 0.5*float32(rng.IntN(3))
		}
	}
}

func (s *stand) dense(t *testing.T, m, n, k int, then graph.Epilogue) {
	t.Helper()
	a := graph.DenseAttr{M: m, N: n, K: k, Bias: true, Then: then}
	s.run(t, shape{code: graph.CodeDense, attr: a, in: []int{m * k, k * n, n}, out: m * n})
	s.run(t, shape{code: graph.CodeDenseInputGrad, attr: a, in: []int{m * n, k * n}, out: m * k})
	s.run(t, shape{code: graph.CodeDenseKernelGrad, attr: a, in: []int{m * k, m * n}, out: k * n})
}

func (s *stand) convolution(t *testing.T, c host.Conv2DShape) {
	t.Helper()
	c.OH = (c.H+c.PadTop+c.PadBottom-(c.KH-1)*c.DH-1)/c.SH + 1
	c.OW = (c.W+c.PadLeft+c.PadRight-(c.KW-1)*c.DW-1)/c.SW + 1
	x, k, y := c.N*c.H*c.W*c.C, c.KH*c.KW*c.C/c.Groups*c.F, c.N*c.OH*c.OW*c.F
	a := &graph.Conv2DAttr{Conv2DShape: c, Bias: true, Then: graph.Epilogue{Act: host.ReLU}}
	s.run(t, shape{code: graph.CodeConv2D, attr: a, in: []int{x, k, c.F}, out: y})
	s.run(t, shape{code: graph.CodeConv2DInputGrad, attr: a, in: []int{y, k}, out: x})
	s.run(t, shape{code: graph.CodeConv2DKernelGrad, attr: a, in: []int{x, y}, out: k})
}

func (s *stand) columns(t *testing.T, rows, n int) {
	t.Helper()
	a := graph.BatchNormAttr{Rows: rows, C: n, Whole: rows, Epsilon: 1e-3, Scale: true, Center: true}
	positive := func(in [][]float32, _ *rand.Rand) {
		for i, v := range in[len(in)-1] {
			in[len(in)-1][i] = 0.5 + v*v
		}
	}
	sums := func(in [][]float32, rng *rand.Rand) { // of x, as batchnorm.sums leaves them
		d := make([]float64, 2*n)
		host.BatchNormSums(rows, n, in[0], d)
		for i, v := range d {
			b := math.Float64bits(v)
			in[len(in)-1][2*i], in[len(in)-1][2*i+1] = math.Float32frombits(uint32(b)), math.Float32frombits(uint32(b>>32))
		}
	}
	s.run(t, shape{code: graph.CodeBiasGrad, attr: graph.RowsAttr{Rows: rows, N: n}, in: []int{rows * n}, out: n})
	s.run(t, shape{code: graph.CodeBatchNormSums, attr: a, in: []int{rows * n}, out: 4 * n})
	s.run(t, shape{code: graph.CodeBatchNorm, attr: a, in: []int{rows * n, n, n, 4 * n}, out: rows * n, side: []int{n, n, n}, fill: sums})
	s.run(t, shape{code: graph.CodeBatchNormGradSums, attr: a, in: []int{rows * n, rows * n, n, n}, out: 4 * n, side: []int{n, n}})
	s.run(t, shape{code: graph.CodeBatchNormGrad, attr: a, in: []int{rows * n, rows * n, n, n, n, 4 * n}, out: rows * n, fill: sums})
	s.run(t, shape{code: graph.CodeBatchNormInfer, attr: a, in: []int{rows * n, n, n, n, n}, out: rows * n, fill: positive})
}

func (s *stand) rows(t *testing.T, rows, n int) {
	t.Helper()
	a := graph.RowsAttr{Rows: rows, N: n}
	odd := func(in [][]float32, _ *rand.Rand) { // a row with NaN, one with an infinity, one with nothing but -Inf
		for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			if i < rows-1 {
				in[0][i*n+n/2] = float32(v)
			}
		}
		for j := range n {
			if rows > 4 {
				in[0][3*n+j] = float32(math.Inf(-1))
			}
		}
	}
	s.run(t, shape{code: graph.CodeSoftmax, attr: a, in: []int{rows * n}, out: rows * n, fill: odd})
	s.run(t, shape{code: graph.CodeLogSoftmax, attr: a, in: []int{rows * n}, out: rows * n, fill: odd})
	s.run(t, shape{code: graph.CodeArgMax, attr: a, in: []int{rows * n}, out: rows})
	s.run(t, shape{code: graph.CodeSparsemax, attr: a, in: []int{rows * n}, out: rows * n, fill: odd})
	s.run(t, shape{code: graph.CodeSparsemaxGrad, attr: a, in: []int{rows * n, rows * n}, out: rows * n, fill: odd})
	norm := graph.NormAttr{Rows: rows, N: n, Epsilon: 1e-6}
	s.run(t, shape{code: graph.CodeStandardise, attr: norm, in: []int{rows * n}, out: rows * n, side: []int{rows}})
	s.run(t, shape{code: graph.CodeRMS, attr: norm, in: []int{rows * n}, out: rows * n, side: []int{rows}})
	labels := func(in [][]float32, rng *rand.Rand) { copy(in[1], plantest.OneHot(rows, n, rng)) }
	for _, form := range []loss.Form{loss.CategoricalCrossentropy{Logits: true}, loss.MeanSquaredError{}, loss.Dice{Batch: true}} {
		l := graph.LossAttr{Form: form, Rows: rows, N: n}
		s.run(t, shape{code: graph.CodeLoss, attr: l, in: []int{rows * n, rows * n}, out: rows, fill: labels})
		s.run(t, shape{code: graph.CodeLossGrad, attr: l, in: []int{rows * n, rows * n, rows}, out: rows * n, fill: labels})
	}
}

// recurrence compares a layer of 70 units, whose products have two parts, and its gradients.
func (s *stand) recurrence(t *testing.T, cell host.Cell, drop float32) {
	t.Helper()
	a := &graph.RecurrentAttr{RecurrentShape: host.RecurrentShape{
		Cell: cell, T: 3, B: 5, U: 70, Act: host.Tanh, Gate: host.Sigmoid, Back: drop != 0, Sequences: true, Keep: true,
	}, Mask: true, Drop: graph.DropoutAttr{Rate: drop, Stream: 4}}
	width, steps := a.Gates()*a.U, a.T*a.B
	mask := func(at int) func(in [][]float32, rng *rand.Rand) {
		return func(in [][]float32, rng *rand.Rand) {
			for i := range in[at] {
				in[at][i] = float32(min(rng.IntN(4), 1))
			}
			for i := range in[1] {
				in[1][i] /= 10
			}
		}
	}
	forward := shape{code: graph.CodeRecurrent, attr: a, in: []int{steps * width, a.U * width, steps}, out: steps * a.U, fill: mask(2)}
	backward := shape{code: graph.CodeRecurrentGrad, attr: a, in: []int{steps * a.U, a.U * width, steps, steps * a.U}, out: steps * width, fill: mask(2)}
	kernel := shape{code: graph.CodeRecurrentKernelGrad, attr: a, in: []int{steps * a.U, steps * width}, out: a.U * width}
	if cell != host.SimpleCell {
		forward.side = []int{steps * width, steps * a.U}
		backward.in = append(backward.in, steps*width, steps*a.U)
	}
	switch cell {
	case host.GRUCell:
		kernel.in = append(kernel.in, steps*a.U)
	case host.GRUResetAfterCell:
		backward.side, kernel.in = []int{steps * a.U}, append(kernel.in, steps*a.U)
		s.run(t, shape{code: graph.CodeRecurrentBiasGrad, attr: graph.RecurrentBiasAttr{RecurrentShape: a.RecurrentShape}, in: []int{steps * width, steps * a.U}, out: 2 * width})
	}
	mixed := map[string]string{
		graph.CodeRecurrent: graph.CodeRecurrentBfloat16, graph.CodeRecurrentGrad: graph.CodeRecurrentBfloat16Grad,
		graph.CodeRecurrentKernelGrad: graph.CodeRecurrentBfloat16KernelGrad,
	}
	for _, c := range []shape{forward, backward, kernel} {
		s.run(t, c)
		c.code = mixed[c.code]
		s.run(t, c)
	}
}

// TestEdges: functions of single elements take NaN, infinities, zeros of both signs, and the smallest and largest numbers as the CPU's do, and each
// result is near by itself.
func TestEdges(t *testing.T) {
	s := newStand(t, compiled[:1])
	edges := []float32{
		float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, 1e-40, -1e-30, 1e-3, -1e-3,
		0.3, -0.5, 0.5, 1, -1, 2.5, 3, -3, 6, 10, -10, 50, -50, 88, 89, -88, -104, 1e4, -1e5, 3e8, 1e10, -1e20, math.MaxFloat32,
	}
	for act := host.Linear; act <= host.Mish; act++ {
		for _, x := range edges {
			s.edge(t, shape{code: graph.CodeActivation, attr: graph.ActivationAttr{Act: act}, in: []int{1}, out: 1}, x)
			s.edge(t, shape{code: graph.CodeActivationGradX, attr: graph.ActivationAttr{Act: act}, in: []int{1, 1}, out: 1}, x, 2)
			if act.GradFromOutput() {
				y := []float32{0}
				host.ActivationForward(act, []float32{x}, y)
				s.edge(t, shape{code: graph.CodeActivationGrad, attr: graph.ActivationAttr{Act: act}, in: []int{1, 1}, out: 1}, y[0], 2)
			}
		}
	}
	for f := host.HardSiLU; f <= host.HyperbolicSine; f++ {
		for _, x := range edges {
			s.edge(t, shape{code: graph.CodeFunction, attr: graph.FunctionAttr{Function: f}, in: []int{1}, out: 1}, x)
			s.edge(t, shape{code: graph.CodeFunctionGrad, attr: graph.FunctionAttr{Function: f}, in: []int{1, 1}, out: 1}, x, 2)
		}
	}
	for _, x := range append([]float32{1.00390625, 1.01171875, -1.00390637, 3.3961775e38}, edges...) { // ties of bfloat16, and what lies beyond its largest
		s.edge(t, shape{code: graph.CodeRoundBfloat16, in: []int{1}, out: 1}, x)
	}
	for _, x := range edges {
		for _, y := range []float32{0, 0.5, 1, 2, -1, 3, -0.3, float32(math.Inf(1)), float32(math.NaN())} {
			s.edge(t, shape{code: graph.CodePower, in: []int{1, 1}, out: 1}, x, y)
			s.edge(t, shape{code: graph.CodeExtremum, attr: graph.ExtremumAttr{Min: true}, in: []int{1, 1}, out: 1}, x, y)
			s.edge(t, shape{code: graph.CodeExtremum, attr: graph.ExtremumAttr{}, in: []int{1, 1}, out: 1}, x, y)
			s.edge(t, shape{code: graph.CodeCompare, attr: graph.CompareAttr{Relation: host.LessEqual}, in: []int{1, 1}, out: 1}, x, y)
		}
	}
}

// edge runs a shape on given numbers, one for each operand.
func (s *stand) edge(t *testing.T, c shape, values ...float32) {
	t.Helper()
	c.fill = func(in [][]float32, _ *rand.Rand) {
		for i, v := range values {
			in[i][0] = v
		}
	}
	if !s.run(t, c) {
		t.Logf("at %v", values)
	}
}
