package kernels_test

import (
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// TestLimits: what is beyond the kernels' indexes of 32 bits, or beyond the largest grid of a launch, has no kernels and is left to the CPU; what is
// just below has them.
func TestLimits(t *testing.T) {
	const most = 1 << 30 // elements where kernels divide indexes
	dense := func(m, n, k int) graph.DenseAttr { return graph.DenseAttr{M: m, N: n, K: k} }
	matrices := func(batch, heads, n int) *graph.MatMulAttr {
		return &graph.MatMulAttr{MatMulShape: host.MatMulShape{Batch: batch, Heads: heads, M: 1, N: n, K: 1}}
	}
	conv := func(n, size, c, f, groups int) *graph.Conv2DAttr {
		return &graph.Conv2DAttr{Conv2DShape: host.Conv2DShape{
			N: n, H: size, W: size, C: c, KH: 1, KW: 1, F: f, SH: 1, SW: 1, DH: 1, DW: 1, OH: size, OW: size, Groups: groups,
		}}
	}
	rows := func(rows, n int) graph.RowsAttr { return graph.RowsAttr{Rows: rows, N: n} }
	for _, c := range []struct {
		code         string
		fits, beyond any
	}{
		{graph.CodeDense, dense(1, 64*65535, 1), dense(1, 64*65535+1, 1)},
		{graph.CodeDense, dense(most-1, 1, 1), dense(most, 1, 1)},
		{graph.CodeDense, dense(1, 1, 4096*65535), dense(1, 1, most)},
		{graph.CodeDenseInputGrad, dense(1, 1, 64*65535), dense(1, 1, 64*65535+1)},
		{graph.CodeDenseKernelGrad, dense(1, 64*65535, 1), dense(1, 64*65535+1, 1)},
		{graph.CodeMatMul, matrices(65535, 1, 1), matrices(256, 256, 1)},
		{graph.CodeMatMul, matrices(1, 1, 64*65535), matrices(1, 1, 64*65535+1)},
		{graph.CodeConv2D, conv(1, 1<<10, 1<<9, 1<<9, 1), conv(1, 1<<10, 1<<10, 1, 1)},
		{graph.CodeConv2D, conv(1, 1, 1<<14, 1<<15, 1), conv(1, 1, 1<<15, 1<<15, 1)},                       // the kernel
		{graph.CodeConv2DKernelGrad, conv(100, 100, 2*250, 2*250, 250), conv(100, 100, 2*500, 2*500, 500)}, // groups times parts
		{graph.CodeConv2DKernelGrad, conv(4096, 255, 2, 2, 2), conv(4097, 256, 2, 2, 2)},                   // parts of every channel alone
		{graph.CodeBiasGrad, rows(most-1, 1), rows(most, 1)},
		{graph.CodeBatchNormSums, graph.BatchNormAttr{Rows: most - 1, C: 1}, graph.BatchNormAttr{Rows: most, C: 1}},
		{graph.CodeCTC, host.CTCShape{Rows: 1, Frames: 23000, Classes: 2}, host.CTCShape{Rows: 1, Frames: 23200, Classes: 2}},
		{graph.CodePermute, &graph.PermuteAttr{Shape: []int{most - 1}, From: []int{0}}, &graph.PermuteAttr{Shape: []int{most}, From: []int{0}}},
		{plan.CodeUpdate, plan.UpdateAttr{Rule: optimizer.Lamb{}, Shape: []int{most - 1}}, plan.UpdateAttr{Rule: optimizer.Lamb{}, Shape: []int{most}}},
		{plan.CodeUpdate, plan.UpdateAttr{Rule: optimizer.Muon{}, Shape: []int{1, 64 * 65535}}, plan.UpdateAttr{Rule: optimizer.Muon{}, Shape: []int{1, 64*65535 + 1}}},
		{plan.CodeConstrain, plan.ConstrainAttr{Shape: []int{most - 1}}, plan.ConstrainAttr{Shape: []int{most}}},
	} {
		if !kernels.Native(&plan.Instr{Code: c.code, Attr: c.fits}) {
			t.Errorf("%s with %+v has no kernels", c.code, c.fits)
		}
		if in := (&plan.Instr{Code: c.code, Attr: c.beyond}); kernels.Native(in) || kernels.Scratch(in) != 0 {
			t.Errorf("%s with %+v has kernels", c.code, c.beyond)
		}
	}
}

// TestBusy: where every channel is convolved alone the gradient of the kernel has blocks for a large GPU, and no long chain of sums.
func TestBusy(t *testing.T) {
	a := &graph.Conv2DAttr{Conv2DShape: host.Conv2DShape{ // of MobileNet
		N: 128, H: 112, W: 112, C: 32, KH: 3, KW: 3, F: 32, SH: 1, SW: 1, DH: 1, DW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, OH: 112, OW: 112, Groups: 32,
	}}
	at := kernels.Places{At: func(plan.Ref) uint64 { return 256 }, Data: func([]byte) uint64 { return 256 }}
	pixels := plan.Ref{Space: plan.Work, Len: a.N * a.H * a.W * a.C}
	in := &plan.Instr{Code: graph.CodeConv2DKernelGrad, Attr: a, In: []plan.Ref{pixels, pixels}, Out: plan.Ref{Space: plan.Grads, Len: 9 * 32}}
	in.Scratch = plan.Ref{Space: plan.Work, Len: kernels.Scratch(in)}
	launches, err := kernels.Bind(in, at, kernels.Float32)
	if err != nil {
		t.Fatal(err)
	}
	grid := launches[0].Grid
	if blocks := int(grid[0] * grid[1] * grid[2]); blocks < 132 || a.N*a.OH*a.OW/int(grid[2]) > 4096 {
		t.Errorf("%d blocks, in each %d pixels", blocks, a.N*a.OH*a.OW/int(grid[2]))
	}
}
