package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// gemmRows are products of matrices and the sums of columns that belong to them: gemm.cu.
var gemmRows = map[string]row{
	graph.CodeActivationBiasGrad: where(withScratch(activationBiasGrad, activationBiasGradScratch),
		func(a graph.ActivationBiasGradAttr) bool { return columnsFit(a.Size.Rows, a.Size.N) }),
	graph.CodeBiasGrad:        where(withScratch(biasGrad, biasGradScratch), func(a graph.RowsAttr) bool { return columnsFit(a.Rows, a.N) }),
	graph.CodeDense:           where(withScratch(dense, denseScratch), fitting(denseProduct)),
	graph.CodeDenseInputGrad:  where(withScratch(denseInputGrad, denseInputGradScratch), fitting(denseInputProduct)),
	graph.CodeDenseKernelGrad: where(withScratch(denseKernelGrad, denseKernelGradScratch), fitting(denseKernelProduct)),
	graph.CodeMatMul: where(of(matMul), func(a *graph.MatMulAttr) bool {
		return a.Batch*a.Heads <= mostZ && product{m: a.M, n: a.N, k: a.K}.fits()
	}),
}

const (
	// busy is the number of blocks from which on a product needs no more of them: the multiprocessors of the largest GPUs. It is a
	// constant, since bits must not depend on the GPU.
	busy = 132
	// A part of a product sums at least shortestPart and at most longestPart terms in one chain: below, adding up the parts costs more than
	// it gains; above, rounding errors grow.
	shortestPart, longestPart = 128, 4096
	// mostZ is the largest grid in its second and in its third dimension.
	mostZ = 65535
	// depth is that of the tiles of kernels/tile.h.
	depth = 16
)

// split is how many parts the sums of k terms of a product with so many tiles are divided into, and the length of each but the last.
func split(tiles, k int) (parts, chunk int) {
	parts = max(min(busy/max(tiles, 1), k/shortestPart), ceil(k, longestPart), 1)
	chunk = max(ceil(ceil(k, parts), depth)*depth, depth)
	return max(ceil(k, chunk), 1), chunk
}

// A product is C = op(A)·op(B), m x k times k x n, as kernels.Gemm has it, with what follows it.
type product struct {
	transA, transB   bool
	m, n, k          int
	a                place
	lda              int
	b                place
	ldb              int
	c                place
	ldc              int
	bias             place
	relu, accumulate bool
}

// large says whether tiles of 128 x 128 keep a GPU busy.
func (p product) large() bool {
	return !(p.transA && p.transB) && ceil(p.m, 128)*ceil(p.n, 128) >= busy && p.k <= longestPart
}

// parts is how the sums are divided.
func (p product) parts() (parts, chunk int) {
	if p.large() || p.accumulate {
		return 1, max(p.k, 1)
	}
	return split(ceil(p.m, 64)*ceil(p.n, 64), p.k)
}

// fits says whether the kernels' indexes and the grid are large enough.
func (p product) fits() bool {
	parts, _ := p.parts()
	return max(p.m, p.n, p.k) < mostElements && ceil(p.n, 64) <= mostZ && parts <= mostZ
}

// fitting is fits for attributes that a product is made of.
func fitting[A any](of func(a A) product) func(a A) bool {
	return func(a A) bool { return of(a).fits() }
}

// scratch is the room for the parts.
func (p product) scratch() int {
	if parts, _ := p.parts(); parts > 1 {
		return parts * p.m * p.n
	}
	return 0
}

// launches are those of the product; scratch is for its parts.
func (p product) launches(scratch place) []Launch {
	parts, chunk := p.parts()
	if parts == 1 {
		return []Launch{p.launch(1, chunk, 0)}
	}
	sums := p
	sums.c, sums.ldc, sums.bias, sums.relu = scratch, p.n, place{}, false
	return []Launch{
		sums.launch(parts, chunk, p.m*p.n),
		elements("gemm_sum", p.m*p.n, parts, p.n, scratch, p.c, p.ldc, p.bias, p.relu),
	}
}

// launch is one of the product's kernels for so many parts, next elements apart in C.
func (p product) launch(parts, chunk, next int) Launch {
	size, suffix := 64, "_64"
	if p.large() {
		size, suffix = 128, "_128"
	}
	return kernel(p.name()+suffix, grid(ceil(p.m, size), ceil(p.n, size), parts), 256,
		p.m, p.n, p.k, chunk, 1, p.a, p.lda, 0, 0, p.b, p.ldb, 0, 0, p.c, p.ldc, 0, 0, next, p.bias, p.relu, p.accumulate)
}

func (p product) name() string {
	name := []byte("gemm_nn")
	if p.transA {
		name[5] = 't'
	}
	if p.transB {
		name[6] = 't'
	}
	return string(name)
}

// fused says whether a product applies an activation itself.
func fused(act host.Activation) bool { return act == host.Linear || act == host.ReLU }

// epilogue is what is left to do to a layer's sums of what a product did not.
func epilogue(e graph.Epilogue, o operands) []Launch {
	if fused(e.Act) && e.Drop.Rate == 0 {
		return nil
	}
	act := e.Act
	if fused(act) {
		act = host.Linear
	}
	return []Launch{stepElements("elementwise_epilogue", o, o.out.n, int(act), e.Drop.Rate, e.Drop.Stream, o.out, o.out)}
}

func denseProduct(a graph.DenseAttr) product {
	return product{m: a.M, n: a.N, k: a.K, lda: a.K, ldb: a.N, ldc: a.N, relu: a.Then.Act == host.ReLU}
}

func denseScratch(a graph.DenseAttr) int { return denseProduct(a).scratch() }

func dense(a graph.DenseAttr, o operands) []Launch {
	p := denseProduct(a)
	p.a, p.b, p.c, p.bias = o.in[0], o.in[1], o.out, o.optional(2)
	return append(p.launches(o.scratch), epilogue(a.Then, o)...)
}

// denseInputProduct is dx = dz·wᵀ.
func denseInputProduct(a graph.DenseAttr) product {
	return product{transB: true, m: a.M, n: a.K, k: a.N, lda: a.N, ldb: a.N, ldc: a.K}
}

func denseInputGradScratch(a graph.DenseAttr) int { return denseInputProduct(a).scratch() }

func denseInputGrad(a graph.DenseAttr, o operands) []Launch {
	p := denseInputProduct(a)
	p.a, p.b, p.c = o.in[0], o.in[1], o.out
	return p.launches(o.scratch)
}

// denseKernelProduct is dw = xᵀ·dz.
func denseKernelProduct(a graph.DenseAttr) product {
	return product{transA: true, m: a.K, n: a.N, k: a.M, lda: a.K, ldb: a.N, ldc: a.N}
}

func denseKernelGradScratch(a graph.DenseAttr) int { return denseKernelProduct(a).scratch() }

func denseKernelGrad(a graph.DenseAttr, o operands) []Launch {
	p := denseKernelProduct(a)
	p.a, p.b, p.c = o.in[0], o.in[1], o.out
	return p.launches(o.scratch)
}

func matMul(a *graph.MatMulAttr, o operands) []Launch {
	p := product{transA: a.TransA, transB: a.TransB}
	return []Launch{kernel(p.name()+"_64", grid(ceil(a.M, 64), ceil(a.N, 64), a.Batch*a.Heads), 256,
		a.M, a.N, a.K, max(a.K, 1), a.Heads, o.in[0], a.A.Row, a.A.Batch, a.A.Head, o.in[1], a.B.Row, a.B.Batch, a.B.Head,
		o.out, a.C.Row, a.C.Batch, a.C.Head, 0, place{}, false, false)}
}

// A columnWalk is how the columns of a matrix are divided among blocks (columns.h): the columns of a block, and parts of the rows of chunk rows.
type columnWalk struct{ rows, n, width, parts, chunk int }

// columnsFit says whether the indexes of columns.h are large enough.
func columnsFit(rows, n int) bool { return max(rows, n) < mostElements }

func walkColumns(rows, n int) columnWalk {
	w := columnWalk{rows: rows, n: n, width: 1}
	for w.width < min(n, 32) {
		w.width *= 2
	}
	lanes := 256 / w.width
	w.parts = max(1, min(4*busy/ceil(max(n, 1), w.width), rows/(8*lanes)))
	w.chunk = max(ceil(rows, w.parts), 1)
	w.parts = max(ceil(rows, w.chunk), 1)
	return w
}

// launch is a kernel whose first arguments are those of a columns.
func (w columnWalk) launch(name string, args ...any) Launch {
	return kernel(name, grid(max(ceil(w.n, w.width), 1), w.parts), 256, append([]any{w.rows, w.n, w.width, w.chunk}, args...)...)
}

// sums are the launches of a kernel whose last two arguments are partial sums and the result.
func (w columnWalk) sums(name string, scratch, out place, args ...any) []Launch {
	if w.parts == 1 {
		return []Launch{w.launch(name, append(args, place{}, out)...)}
	}
	return []Launch{w.launch(name, append(args, scratch, place{})...), elements("columns_total", w.n, w.parts, scratch, out)}
}

// scratch is room for so many sums of each column and part, in double precision.
func (w columnWalk) scratch(sums int) int { return 2 * sums * w.parts * w.n }

func biasGradScratch(a graph.RowsAttr) int { return walkColumns(a.Rows, a.N).scratch(1) }

func biasGrad(a graph.RowsAttr, o operands) []Launch {
	return walkColumns(a.Rows, a.N).sums("columns_sum", o.scratch, o.out, o.in[0])
}

func activationBiasGradScratch(a graph.ActivationBiasGradAttr) int {
	return walkColumns(a.Size.Rows, a.Size.N).scratch(1)
}

func activationBiasGrad(a graph.ActivationBiasGradAttr, o operands) []Launch {
	return walkColumns(a.Size.Rows, a.Size.N).sums("columns_activation_grad", o.scratch, o.side[0], int(a.Act), a.Rate, o.in[0], o.in[1], o.out)
}
