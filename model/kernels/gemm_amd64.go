//go:build amd64 && !noasm

package kernels

// The matrix product works through blocks of C of gemmRows rows and through blocks of the inner dimension of at most
// gemmInner elements, so that a block of A stays in the second-level cache while one panel of B after the other is
// multiplied with it.
//
// A is read in place in both forms: the tile kernel takes any strides. Only where the rows of A would compete for the
// same cache sets are they copied to better places. A panel of B is copied where copying pays, transposed where B is
// transposed, and else read in place.
const (
	gemmRows  = 512
	gemmInner = 768

	// gemmCopyRows is the number of rows of C from which on a panel of B is copied before use.
	gemmCopyRows = 64

	// gemmCopyInner is the inner dimension from which on the rows of a transposed A compete for cache sets.
	gemmCopyInner = 256

	// gemmCopyFarInner is the same for rows that lie gemmFar elements, a page, or more apart, where tiles fetch.
	gemmCopyFarInner = 64
	gemmFar          = 1024

	// gemmTileCols is the number of columns of C from which on a transposed A is copied tile by tile, where tiles fetch: that
	// takes longer and is read faster.
	gemmTileCols = 256

	// gemmFetchB is the number of elements from which on B does not stay in the second-level cache, so that tiles fetch it.
	gemmFetchB = 1 << 17
)

// A gemmChoice holds the decisions for one product. It is small: every product makes them, and asks for its workspace, which does so too.
type gemmChoice struct {
	inner  int  // block of the inner dimension
	width  int  // columns of a panel
	copyA  bool // rows of A are copied
	byTile bool // so that the rows of a tile are one stream
	copyB  bool // full panels of B are copied
}

// A gemmPlan is a product with its decisions.
type gemmPlan struct {
	product
	gemmChoice
}

func planGemm(transA, transB bool, m, n, k, lda, ldb int) gemmChoice {
	p := gemmChoice{width: 2 * lanes(), inner: k}
	if k > gemmInner {
		blocks := (k + gemmInner - 1) / gemmInner
		p.inner = (k + blocks - 1) / blocks
	}
	p.copyA = m > 1 && n > p.width && crowded(lda) && (!transA || k >= gemmCopyInner || fetches() && k >= gemmCopyFarInner && lda >= gemmFar)
	p.byTile = p.copyA && (!transA || fetches() && n >= gemmTileCols)
	p.copyB = !transB && m >= gemmCopyRows && n > p.width
	return p
}

// crowded reports whether lines ld elements apart fall into few sets of the first-level cache (64 sets of one line; a
// tile reads up to 14 rows side by side).
func crowded(ld int) bool { return ld%(8*cacheLine) == 0 }

// gemmWorkspace is the size of one panel of B and one block of A, whatever the variant needs.
func gemmWorkspace(transA, transB bool, m, n, k int) int {
	if active == variantGo {
		return 0
	}
	p := planGemm(transA, transB, m, n, k, gemmFar, 0) // which is crowded, and far
	size := 0
	if transB || p.copyB {
		size += p.inner * p.width
	}
	size += p.sizeA(m)
	if size > 0 {
		size += cacheLine
	}
	return size
}

// paddedRow is a distance for rows of k elements that does not crowd them: an odd number of cache lines.
func paddedRow(k int) int { return (k+cacheLine-1)/cacheLine/2*2*cacheLine + cacheLine }

// gemmBias is Gemm with a bias (or nil) under the sum and with flags of the tile kernel for the finished elements. It calls
// finished for every block of rows of C that is complete.
func gemmBias(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, bias []float32, flags int, ws []float32, finished func(from, to int)) {
	p := gemmPlan{gemmChoice: planGemm(transA, transB, m, n, k, lda, ldb)}
	ws = align(ws)
	var panel []float32
	if transB || p.copyB {
		panel, ws = ws[:p.inner*p.width], ws[p.inner*p.width:]
	}
	p.segments, p.cRow = 1, ldc
	var next upcoming
	if fetches() && k*n >= gemmFetchB {
		p.next = &next
	}
	for i0 := 0; i0 < m; i0 += gemmRows {
		rows := min(gemmRows, m-i0)
		for p0 := 0; p0 < k; p0 += p.inner {
			p.k = min(p.inner, k-p0)
			p.flags = flags &^ tileReLU
			if p0 > 0 {
				p.flags |= tileAccumulate
			}
			if p0+p.k == k {
				p.flags |= flags & tileReLU
			}
			block := p.blockA(transA, i0, p0, rows, a, lda, ws)
			for j0 := 0; j0 < n; j0 += p.width {
				cols := min(p.width, n-j0)
				var under []float32
				if bias != nil && p0 == 0 {
					under = bias[j0:]
				}
				from := p.panelB(transB, p0, j0, cols, b, ldb, panel)
				if p.next != nil {
					p.panelAfter(transB, p0, j0, n, b, ldb)
				}
				p.panel(rows, cols, block, from, c[i0*ldc+j0:], under)
			}
		}
		finished(i0, i0+rows)
	}
}

// blockA returns rows x p.k elements of op(A) at (i0, p0), in place or copied to ws, and sets their strides.
func (p *gemmPlan) blockA(transA bool, i0, p0, rows int, a []float32, lda int, ws []float32) []float32 {
	switch {
	case p.copyA && p.byTile: // a tile is read as one stream
		p.aRow, p.aStep = 1, lanes()
		p.aTile = p.k * p.aStep
		tiles(rows, func(tile, row, rows int) {
			to := ws[tile*p.aTile:]
			if transA {
				copyPanel(p.k, rows, a[p0*lda+i0+row:], lda, to, p.aStep)
			} else {
				transposePanel(rows, p.k, a[(i0+row)*lda+p0:], lda, to, p.aStep)
			}
		})
		return ws
	case p.copyA:
		p.aRow, p.aStep = 1, paddedRow(rows)
		for r := range p.k {
			copy(ws[r*p.aStep:], a[(p0+r)*lda+i0:][:rows])
		}
		return ws
	case transA:
		p.aRow, p.aStep = 1, lda
		return a[p0*lda+i0:]
	default:
		p.aRow, p.aStep = lda, 1
		return a[i0*lda+p0:]
	}
}

// sizeA is the most that blockA copies.
func (p *gemmChoice) sizeA(m int) int {
	rows := min(m, gemmRows)
	switch {
	case !p.copyA:
		return 0
	case p.byTile:
		return (rows + maxTileRows() - 1) / maxTileRows() * p.inner * lanes()
	default:
		return p.inner * paddedRow(rows)
	}
}

// panelB returns p.k rows of cols elements of op(B) at (p0, j0), in place or copied to ws, and sets their stride.
func (p *gemmPlan) panelB(transB bool, p0, j0, cols int, b []float32, ldb int, ws []float32) []float32 {
	switch {
	case transB:
		p.bStep = p.width
		transposePanel(cols, p.k, b[j0*ldb+p0:], ldb, ws, p.width)
		return ws
	case p.copyB && cols == p.width:
		p.bStep = p.width
		copyPanel(p.k, cols, b[p0*ldb+j0:], ldb, ws, p.width)
		return ws
	default:
		p.bStep = ldb
		return b[p0*ldb+j0:]
	}
}

// panelAfter lets tiles fetch the panel of B after the one at column j0 of n, where it will be copied or transposed in one stretch or two.
func (p *gemmPlan) panelAfter(transB bool, p0, j0, n int, b []float32, ldb int) {
	p.next.n = 0
	first := j0 + p.width
	last := min(first+p.width, n)
	switch {
	case first >= n:
	case transB && ldb == p.k:
		p.next.add(whole(b[first*ldb : last*ldb]))
	case !transB && p.copyB && last-first == p.width:
		rows := b[p0*ldb+first : (p0+p.k-1)*ldb+last]
		p.next.add(stretch{rows, ldb})
		p.next.add(stretch{rows[p.width/2:], ldb})
	}
}

func gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int, ws []float32) {
	switch {
	case active == variantGo || k == 0:
		gemmGo(transA, transB, m, n, k, a, lda, b, ldb, accumulate, c, ldc)
	case accumulate:
		gemmBias(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, nil, tileAccumulate, ws, nothingElse)
	default:
		gemmBias(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, nil, 0, ws, nothingElse)
	}
}

func dense(m, n, k int, x, w, bias []float32, e epilogue, y []float32, ld, from int, ws []float32) {
	if active == variantGo || k == 0 {
		denseGo(m, n, k, x, w, bias, e, y, ld, from)
		return
	}
	flags := 0
	if e.act == ReLU {
		e.act, flags = Linear, tileReLU
	}
	gemmBias(false, false, m, n, k, x, k, w, ld, y[from:], ld, bias, flags, ws, func(first, last int) {
		e.rows(y, ld, first, last, from, n)
	})
}

func nothingElse(int, int) {}
