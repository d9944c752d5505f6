//go:build amd64 && !noasm

package kernels

import "github.com/klauspost/cpuid/v2"

// fetchingAVX512 tells whether tiles of AVX-512 fetch memory before it is needed, and whether a product copies its factors with that in mind. It
// changes no result. It is on for Intel's processors, where it was measured to pay (a Xeon of family 6, model 207): their cores
// wait for each line that is new in the first-level cache, and long for memory beyond the second. Those of other makers, where
// nobody has measured it, run as if there were no fetching.
//
// Only tests change it after initialisation.
var fetchingAVX512 = cpuid.CPU.IsVendor(cpuid.Intel)

// fetchingAVX2 tells whether tiles of AVX2 fetch what comes after their product, some lines before each. It changes no result. It is on for
// AMD's processors: it was measured on Zen 3, where batch normalisation and what else is done between convolutions waits for memory.
//
// Only tests change it after initialisation.
var fetchingAVX2 = cpuid.CPU.IsVendor(cpuid.AMD)

// fetchRows is the least number of rows of a tile that fetches; gen/tile.go has the same.
const fetchRows = 8

// aheadInner is the length of a segment from which on its end is not reached before the first of the fetched lines arrives.
const aheadInner = 32

// fetches reports whether tiles fetch in the active variant.
func fetches() bool { return fetchingAVX512 && active == variantAVX512 }

// ahead reports whether A and B are fetched some steps before their use: where every step reads another line of A, and where these
// lines do not displace one another.
func (g *product) ahead() bool { return g.k >= aheadInner && g.aStep > 1 && !crowded(g.aStep) }

// fetchingPanel is panel with tiles that fetch.
func (g *product) fetchingPanel(m, cols int, a, b, c, bias []float32, flags int) {
	if g.ahead() {
		flags |= tileAhead
	}
	tiles(m, func(tile, row, rows int) {
		from, to := &a[g.at(tile, row)], &c[row*g.cRow]
		if rows < fetchRows {
			tileAVX512(rows, cols, g.segments, g.k, from, 4*g.aRow, 4*g.aStep, 4*g.aJump, &b[0], 4*g.bStep, to, 4*g.cRow, ptr(bias), flags)
			return
		}
		next, nextStep := g.next.take(g.segments * g.k)
		if next == nil {
			next = &b[0] // which is read anyway
		}
		tileFetchAVX512(rows, cols, g.segments, g.k, from, 4*g.aRow, 4*g.aStep, 4*g.aJump,
			&b[0], 4*g.bStep, to, 4*g.cRow, ptr(bias), flags, next, nextStep)
	})
}

// An upcoming is memory that the work after some products reads or writes, in the order of need. Tiles fetch it into the
// second-level cache as they go: those of AVX-512 a line each step, those of AVX2 as many each as spread says. nil is nothing to fetch.
type upcoming struct {
	stretches [maxStretches]stretch
	n         int
	pace      int // lines that each tile of AVX2 fetches; 0: none
}

// maxStretches is the most arrays that are fetched at a time.
const maxStretches = 8

// add puts something to the end, where there is room.
func (u *upcoming) add(s stretch) {
	if u.n < maxStretches && len(s.of) > 0 {
		u.stretches[u.n] = s
		u.n++
	}
}

// A stretch is memory of which the lines step elements apart are needed.
type stretch struct {
	of   []float32
	step int
}

// whole is the stretch of all lines of x.
func whole(x []float32) stretch { return stretch{x, cacheLine} }

// some reports whether there is something to fetch.
func (u *upcoming) some() bool { return u != nil && u.n > 0 && len(u.stretches[u.n-1].of) > 0 }

// take returns the address of the next lines to fetch, so many or fewer, and the bytes from one to the next; nil and 0 at the end.
func (u *upcoming) take(lines int) (next *float32, step int) {
	if u == nil {
		return nil, 0
	}
	for i := range u.stretches[:u.n] {
		if s := &u.stretches[i]; len(s.of) > 0 {
			next = &s.of[0]
			s.of = s.of[min(len(s.of), lines*s.step):]
			return next, 4 * s.step
		}
	}
	return nil, 0
}

// spread divides what there is to fetch among so many tiles of AVX2.
func (u *upcoming) spread(tiles int) {
	u.pace = 0
	if !fetchingAVX2 || active != variantAVX2 {
		return
	}
	lines := 0
	for _, s := range u.stretches[:u.n] {
		lines += (len(s.of) + s.step - 1) / s.step
	}
	u.pace = (lines + tiles - 1) / tiles
}

// share is what each of so many tiles of AVX2 fetches: how many lines, and what take returns for all of them.
func (u *upcoming) share(tiles int) (lines int, next *float32, step int) {
	if u == nil || u.pace == 0 {
		return 0, nil, 0
	}
	if next, step = u.take(tiles * u.pace); next == nil {
		return 0, nil, 0
	}
	return u.pace, next, step
}

// image is what comes during image at of n, which takes so many tiles: what is done with it after, the next one of both arrays and what
// makes that.
func (u *upcoming) image(at, n int, x []float32, sizeX int, y []float32, sizeY int, around *Around, tiles int) {
	u.n = 0
	for _, a := range around.Outputs {
		u.add(whole(a[at*len(a)/n : (at+1)*len(a)/n]))
	}
	if at+1 < n {
		for _, a := range around.Inputs {
			u.add(whole(a[(at+1)*len(a)/n : (at+2)*len(a)/n]))
		}
		u.add(whole(x[(at+1)*sizeX : (at+2)*sizeX]))
		u.add(whole(y[(at+1)*sizeY : (at+2)*sizeY]))
	}
	u.spread(tiles)
}
