//go:build amd64 && !noasm

package kernels

import "unsafe"

// The flags of the tile kernel; gen/tile.go has the same.
const (
	tileAccumulate = 1 << iota // add to C
	tileReLU                   // replace negative results by zero
	tilePrefetch               // fetch C into the cache before the sums
	tileAhead                  // fetch A and B some steps before their use
)

// maxTileRows is the number of rows of the largest tile.
func maxTileRows() int {
	if active == variantAVX512 {
		return 14
	}
	return 6
}

// lanes is the number of elements of a vector. A tile is at most two vectors wide.
func lanes() int {
	if active == variantAVX512 {
		return 16
	}
	return 8
}

// prefetchInner is the inner dimension from which on fetching C beforehand pays.
const prefetchInner = 64

// A product describes C = A·B for one panel of B, at most two vectors wide. Strides are in elements. The inner dimension
// runs through segments of k elements: within one, A's element (i, p) is at i·aRow + p·aStep; from one to the next A moves
// by aJump more than k·aStep. Row p of B is at p·bStep, counting on over the segments. Where aTile is not 0, the rows of
// each tile start at the next multiple of it instead.
type product struct {
	segments, k               int
	aRow, aStep, aJump, aTile int
	bStep                     int
	cRow                      int
	flags                     int
	next                      *upcoming // what tiles may fetch for the work after the product
}

// runs calls visit for the tiles of m rows, those of the same size at once: count tiles of rows rows, one below the other. Sizes are as
// even as possible, since small tiles are slower.
func runs(m int, visit func(tile, row, rows, count int)) {
	if m == 0 {
		return
	}
	n := tileCount(m)
	rows, larger := m/n, m%n
	if larger > 0 {
		visit(0, 0, rows+1, larger)
	}
	visit(larger, larger*(rows+1), rows, n-larger)
}

// tileCount is the number of tiles of m rows.
func tileCount(m int) int { return (m + maxTileRows() - 1) / maxTileRows() }

// tiles calls visit for every tile of m rows.
func tiles(m int, visit func(tile, row, rows int)) {
	runs(m, func(tile, row, rows, count int) {
		for i := range count {
			visit(tile+i, row+i*rows, rows)
		}
	})
}

// panel computes the m x cols block of C that belongs to a panel of B. bias is nil or the panel's part of the bias.
func (g *product) panel(m, cols int, a, b, c, bias []float32) {
	flags := g.flags
	if g.segments*g.k >= prefetchInner {
		flags |= tilePrefetch
	}
	if fetches() && (g.ahead() || g.next.some()) {
		g.fetchingPanel(m, cols, a, b, c, bias, flags)
		return
	}
	if active == variantAVX512 {
		tiles(m, func(tile, row, rows int) {
			tileAVX512(rows, cols, g.segments, g.k, &a[g.at(tile, row)], 4*g.aRow, 4*g.aStep, 4*g.aJump,
				&b[0], 4*g.bStep, &c[row*g.cRow], 4*g.cRow, ptr(bias), flags)
		})
		return
	}
	runs(m, func(tile, row, rows, count int) {
		aNext := rows * g.aRow
		if g.aTile != 0 {
			aNext = g.aTile
		}
		lines, from, step := g.next.share(count)
		tileAVX2(rows, cols, g.segments, g.k, &a[g.at(tile, row)], 4*g.aRow, 4*g.aStep, 4*g.aJump,
			&b[0], 4*g.bStep, &c[row*g.cRow], 4*g.cRow, ptr(bias), flags, count, 4*aNext, lines, from, step)
	})
}

// at is where the rows of a tile start in A.
func (g *product) at(tile, row int) int {
	if g.aTile != 0 {
		return tile * g.aTile
	}
	return row * g.aRow
}

// copyPanel copies k rows of cols elements, ld apart, into rows of width elements.
func copyPanel(k, cols int, src []float32, ld int, dst []float32, width int) {
	if active == variantAVX512 {
		copyPanelAVX512(k, cols, &src[0], 4*ld, &dst[0], 4*width)
	} else {
		copyPanelAVX2(k, cols, &src[0], 4*ld, &dst[0], 4*width)
	}
}

// transposePanel writes the transposed rows of src (cols rows of k elements, ld apart) as k rows of width elements into
// dst. width is cols rounded up to whole vectors, or more.
func transposePanel(cols, k int, src []float32, ld int, dst []float32, width int) {
	l := lanes()
	for j := 0; j < cols; j += l {
		rows, from, to := min(l, cols-j), &src[j*ld], &dst[j]
		if active == variantAVX512 {
			transposePanelAVX512(rows, k, from, 4*ld, to, 4*width)
		} else {
			transposePanelAVX2(rows, k, from, 4*ld, to, 4*width)
		}
	}
}

// cacheLine is the size of a cache line in float32. Panels start on one.
const cacheLine = 16

// align drops elements at the start of a workspace, at most cacheLine-1, so that it starts on a cache line.
func align(ws []float32) []float32 {
	if len(ws) == 0 {
		return ws
	}
	at := uintptr(unsafe.Pointer(&ws[0])) / 4 % cacheLine
	return ws[(cacheLine-at)%cacheLine:]
}
