package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The flags of the tile kernel; the same constants stand in kernels/tile_amd64.go.
const (
	flagAccumulate = 1
	flagReLU       = 2
	flagPrefetch   = 4
	flagAhead      = 8
)

// aheadSteps is how many steps before their use tileFetch fetches A and B: the scale of an address.
const aheadSteps = 8

// tile writes the micro-kernel of all matrix products and convolutions. It holds a block of C in registers and walks
// down k: two vectors of a row of B are loaded, each element of a column of A is broadcast and multiplied with both.
//
//	AVX-512: 14 rows x 2 vectors = 28 accumulators, 2 vectors of B, 1 broadcast of A: 31 of 32 registers
//	AVX2:     6 rows x 2 vectors = 12 accumulators, 2 vectors of B, 1 broadcast of A, 1 mask: all 16 registers
//
// There is one unrolled body for each number of rows and vectors; with AVX2, where masked stores are slow, also one for each
// in which the last vector is full and needs no mask.
//
// With AVX2 the kernel goes on with tiles of the same size below the first: a tile takes a hundred cycles where the inner dimension is short,
// and a call a quarter of that. Before each it fetches memory that is needed after the product, where that is wanted.
//
// With AVX-512 there is a second kernel, tileFetch, which differs in what it fetches into the caches while it multiplies: A and
// B some steps ahead, and memory that is needed after the product. It has bodies of 8 rows and more, where an additional load
// per step hides behind the multiplications.
func tile(a *assembler) {
	if !a.set.wide() {
		t := &tileWriter{assembler: a, minRows: 1, maxRows: 6, repeat: true, maskTable: a.laneMaskTable()}
		t.emit()
		return
	}
	for _, t := range []*tileWriter{{minRows: 1, maxRows: 14}, {minRows: 8, maxRows: 14, fetch: true}} {
		t.assembler = a
		t.emit()
	}
}

type tileWriter struct {
	*assembler
	minRows, maxRows int
	fetch            bool // the kernel is tileFetch
	repeat           bool // the kernel does several tiles
	maskTable        operand.Mem

	aRow, aStep, bStep, c, cRow, k reg.GPPhysical
	segments, b, bias, flags, tmp  reg.GPPhysical
	next, nextStep                 reg.GPPhysical   // of tileFetch
	jump                           reg.GPPhysical   // aJump between two segments
	rowPtr                         []reg.GPPhysical // row 3q+r of A is at rowPtr[q] + r·aRow
	mask                           mask

	bodies []tileBody
	full   bool // the last vector of the body being written needs no mask
}

func (t *tileWriter) emit() {
	name, parameters := "tile", "rows, cols, segments, k int, a *float32, aRow, aStep, aJump int, b *float32, bStep int, c *float32, cRow int, bias *float32, flags int"
	doc := []string{
		"computes a block of C = A·B. All strides are in bytes.",
		"",
		fmt.Sprintf("C is rows (%d..%d) x cols (1..%d), its rows cRow apart. The sum over p runs through segments of k elements: within a", t.minRows, t.maxRows, 2*t.set.lanes),
		"segment A's element (i, p) is at a + i·aRow + p·aStep; from one segment to the next a moves by aJump more than the",
		"k·aStep passed. Row p of B is at b + p·bStep and goes on over the segments. The sum starts from bias or (nil) from zero;",
		"tileAccumulate adds what was in C; tileReLU then replaces negative results by zero; tilePrefetch fetches C beforehand.",
	}
	if t.fetch {
		name, parameters = "tileFetch", parameters+", next *float32, nextStep int"
		doc = append(doc, "",
			"Every step also fetches a line into the second-level cache: the first at next, then one each nextStep further.",
			fmt.Sprintf("tileAhead fetches A and B %d steps ahead into the first-level cache.", aheadSteps))
	}
	if t.repeat {
		parameters += ", count, aNext, lines int, next *float32, nextStep int"
		doc = append(doc, "",
			"It does so for count blocks of C, at least 1, each below the one before; a moves by aNext from one to the next. Before each",
			"it fetches lines into the second-level cache: the first at next, then one each nextStep further.")
	}
	t.function(name, "func("+parameters+")", doc...)

	t.segments, t.b, t.bias, t.flags, t.tmp = reg.R8, reg.R9, reg.R10, reg.R11, reg.R12
	t.aRow, t.aStep, t.bStep, t.k = reg.RAX, reg.RBX, reg.RCX, reg.RDX
	t.c, t.cRow = reg.R9, reg.R10 // C is needed when B and bias are not
	t.next, t.nextStep, t.jump = t.flags, t.tmp, t.tmp
	if t.fetch {
		t.jump = t.k
	}
	t.rowPtr = []reg.GPPhysical{reg.RSI, reg.RDI, reg.R13, reg.R15, reg.R14}
	if t.set.wide() {
		t.mask = mask{reg.K1}
	} else {
		t.mask = mask{t.set.regs[15]}
	}

	t.Load(t.Param("a"), t.rowPtr[0])
	t.Load(t.Param("aRow"), t.aRow)
	t.Load(t.Param("aStep"), t.aStep)
	t.Load(t.Param("b"), t.b)
	t.Load(t.Param("bStep"), t.bStep)
	t.Load(t.Param("segments"), t.segments)

	// One or two vectors; the mask selects the columns of the last.
	t.Load(t.Param("cols"), t.tmp)
	t.CMPQ(t.tmp, operand.U8(t.set.lanes))
	t.JA(operand.LabelRef("wide"))
	t.choose(1)
	t.Label("wide")
	t.SUBQ(operand.U8(t.set.lanes), t.tmp)
	t.choose(2)
	for _, b := range t.bodies {
		t.body(b)
	}
}

// A tileBody is one of the unrolled bodies.
type tileBody struct {
	rows, vectors int
	full          bool // the last vector needs no mask
}

func (b tileBody) label() string {
	if b.full {
		return fmt.Sprintf("full%dx%d", b.rows, b.vectors)
	}
	return fmt.Sprintf("tile%dx%d", b.rows, b.vectors)
}

// choose jumps to the body for a number of vectors of which the last has tmp lanes, 1 <= tmp <= lanes.
func (t *tileWriter) choose(vectors int) {
	if t.set.wide() {
		t.MOVL(operand.U32(0xffffffff), t.k.As32())
		t.BZHIL(t.tmp.As32(), t.k.As32(), t.k.As32())
		t.KMOVW(t.k.As32(), t.mask.op)
		t.dispatch(vectors, false)
		return
	}
	part := fmt.Sprintf("part%d", vectors)
	t.CMPQ(t.tmp, operand.U8(t.set.lanes))
	t.JNE(operand.LabelRef(part))
	t.dispatch(vectors, true)
	t.Label(part)
	t.LEAQ(t.maskTable, t.k)
	t.NEGQ(t.tmp)
	t.VMOVUPS(operand.Mem{Base: t.k, Index: t.tmp, Scale: 4, Disp: 32}, t.mask.op)
	t.dispatch(vectors, false)
}

// dispatch jumps to the body for the number of rows by binary search, and puts the bodies on the list to be written.
func (t *tileWriter) dispatch(vectors int, full bool) {
	rows := t.k
	t.Load(t.Param("rows"), rows)
	t.search(rows, t.minRows, t.maxRows, func(n int) tileBody { return tileBody{n, vectors, full} })
}

func (t *tileWriter) search(rows reg.Register, lo, hi int, body func(rows int) tileBody) {
	if lo == hi {
		b := body(lo)
		t.bodies = append(t.bodies, b)
		t.JMP(operand.LabelRef(b.label()))
		return
	}
	mid := (lo + hi) / 2
	above := body(mid).label() + "above"
	t.CMPQ(rows, operand.U8(mid))
	t.JA(operand.LabelRef(above))
	t.search(rows, lo, mid, body)
	t.Label(above)
	t.search(rows, mid+1, hi, body)
}

// acc is the accumulator of row i, vector v.
func (t *tileWriter) acc(i, v, vectors int) reg.VecPhysical { return t.set.regs[i*vectors+v] }

// body writes the tile of a fixed size.
func (t *tileWriter) body(b tileBody) {
	rows, vectors, label := b.rows, b.vectors, b.label()
	t.full = b.full
	t.Label(label)
	t.Comment(fmt.Sprintf("%d rows, %d vectors", rows, vectors))
	if t.repeat {
		t.fetchLines(label)
	}
	for q := 1; 3*q < rows; q++ { // rowPtr[q] = rowPtr[q-1] + 3·aRow
		t.LEAQ(operand.Mem{Base: t.rowPtr[q-1], Index: t.aRow, Scale: 2}, t.rowPtr[q])
		t.ADDQ(t.aRow, t.rowPtr[q])
	}
	t.prefetch(label, rows, vectors)
	if t.fetch {
		t.Load(t.Param("next"), t.next)
		t.Load(t.Param("nextStep"), t.nextStep)
	}
	t.start(label, rows, vectors)

	t.Label(label + "segment")
	if t.fetch {
		t.Load(t.Param("flags"), t.k)
		t.TESTQ(operand.U32(flagAhead), t.k)
		t.JNZ(operand.LabelRef(label + "far"))
	}
	t.Load(t.Param("k"), t.k)
	t.loop(label+"k", rows, vectors, false)
	if t.fetch {
		t.JMP(operand.LabelRef(label + "jump"))
		t.Label(label + "far")
		t.Load(t.Param("k"), t.k)
		t.loop(label+"ahead", rows, vectors, true)
		t.Label(label + "jump")
	}
	t.Load(t.Param("aJump"), t.jump)
	for q := 0; 3*q < rows; q++ {
		t.ADDQ(t.jump, t.rowPtr[q])
	}
	t.DECQ(t.segments)
	t.JNZ(operand.LabelRef(label + "segment"))
	t.finish(label, rows, vectors)
	if t.repeat {
		t.again(label)
	}
	t.VZEROUPPER()
	t.RET()
}

// again goes on with the tile below, where there is one.
func (t *tileWriter) again(label string) {
	t.DECQ(t.argMem("count"))
	t.JZ(operand.LabelRef(label + "end"))
	t.ADDQ(t.cRow, t.c) // from the last row that was stored
	t.MOVQ(t.c, t.argMem("c"))
	t.Load(t.Param("aNext"), t.rowPtr[0])
	t.ADDQ(t.argMem("a"), t.rowPtr[0])
	t.MOVQ(t.rowPtr[0], t.argMem("a"))
	t.Load(t.Param("b"), t.b)
	t.Load(t.Param("segments"), t.segments)
	t.JMP(operand.LabelRef(label))
	t.Label(label + "end")
}

// fetchLines fetches what is wanted before a block.
func (t *tileWriter) fetchLines(label string) {
	left, next, step := reg.R13, reg.R15, reg.R14 // pointers to rows of larger tiles only
	t.Load(t.Param("lines"), left)
	t.TESTQ(left, left)
	t.JZ(operand.LabelRef(label + "fetched"))
	t.Load(t.Param("next"), next)
	t.Load(t.Param("nextStep"), step)
	t.Label(label + "line")
	t.PREFETCHT1(operand.Mem{Base: next})
	t.ADDQ(step, next)
	t.DECQ(left)
	t.JNZ(operand.LabelRef(label + "line"))
	t.MOVQ(next, t.argMem("next"))
	t.Label(label + "fetched")
}

// loop adds the products of a segment, k of them.
func (t *tileWriter) loop(label string, rows, vectors int, ahead bool) {
	t.Label(label)
	if t.fetch {
		t.PREFETCHT1(operand.Mem{Base: t.next})
		t.ADDQ(t.nextStep, t.next)
	}
	if ahead {
		for v := range vectors {
			t.PREFETCHT0(operand.Mem{Base: t.b, Index: t.bStep, Scale: aheadSteps, Disp: v * t.set.width()})
		}
		t.PREFETCHT0(operand.Mem{Base: t.rowPtr[0], Index: t.aStep, Scale: aheadSteps})
	}
	t.step(rows, vectors)
	t.DECQ(t.k)
	t.JNZ(operand.LabelRef(label))
}

// prefetch asks for C while the sums are still to be done.
func (t *tileWriter) prefetch(label string, rows, vectors int) {
	t.Load(t.Param("flags"), t.flags)
	t.TESTQ(operand.U32(flagPrefetch), t.flags)
	t.JZ(operand.LabelRef(label + "start"))
	c, cRow := t.bias, t.tmp // t.c and t.cRow hold B and bias now
	t.Load(t.Param("c"), c)
	t.Load(t.Param("cRow"), cRow)
	for i := range rows {
		for v := range vectors {
			t.PREFETCHT0(operand.Mem{Base: c, Disp: v * t.set.width()})
		}
		if i < rows-1 {
			t.ADDQ(cRow, c)
		}
	}
	t.Label(label + "start")
}

// start sets the accumulators to bias or to zero.
func (t *tileWriter) start(label string, rows, vectors int) {
	t.Load(t.Param("bias"), t.bias)
	t.TESTQ(t.bias, t.bias)
	t.JNZ(operand.LabelRef(label + "bias"))
	for i := range rows * vectors {
		t.zero(t.set.regs[i])
	}
	t.JMP(operand.LabelRef(label + "segment"))

	t.Label(label + "bias")
	t.loadRow(operand.Mem{Base: t.bias}, t.set.regs[:vectors])
	for i := 1; i < rows; i++ {
		for v := range vectors {
			t.VMOVAPS(t.acc(0, v, vectors), t.acc(i, v, vectors))
		}
	}
}

// loadRow loads one or two vectors, the last by the mask.
func (t *tileWriter) loadRow(m operand.Mem, to []reg.VecPhysical) {
	last := len(to) - 1
	if last == 1 {
		t.VMOVUPS(m, to[0])
	}
	m = m.Offset(last * t.set.width())
	if t.full {
		t.VMOVUPS(m, to[last])
	} else {
		t.loadMasked(m, t.mask, to[last])
	}
}

// step adds the products of one p.
func (t *tileWriter) step(rows, vectors int) {
	n := rows * vectors
	b, broadcast := t.set.regs[n:n+vectors], t.set.regs[n+vectors]
	t.loadRow(operand.Mem{Base: t.b}, b)
	t.ADDQ(t.bStep, t.b)
	for i := range rows {
		from := operand.Mem{Base: t.rowPtr[i/3]}
		if i%3 > 0 {
			from.Index, from.Scale = t.aRow, uint8(i%3)
		}
		if vectors == 1 && t.set.wide() {
			t.VFMADD231PS_BCST(from, b[0], t.acc(i, 0, 1))
		} else {
			t.VBROADCASTSS(from, broadcast)
			for v := range vectors {
				t.VFMADD231PS(broadcast, b[v], t.acc(i, v, vectors))
			}
		}
		if i%3 == 2 || i == rows-1 {
			t.ADDQ(t.aStep, t.rowPtr[i/3])
		}
	}
}

// finish adds C where asked, applies ReLU where asked and stores.
func (t *tileWriter) finish(label string, rows, vectors int) {
	n := rows * vectors
	t.Load(t.Param("flags"), t.flags)
	t.TESTQ(operand.U32(flagAccumulate), t.flags)
	t.JZ(operand.LabelRef(label + "relu"))
	t.eachRow(rows, func(i int, m operand.Mem) {
		t.loadRow(m, t.set.regs[n:n+vectors])
		for v := range vectors {
			t.VADDPS(t.set.regs[n+v], t.acc(i, v, vectors), t.acc(i, v, vectors))
		}
	})

	t.Label(label + "relu")
	t.TESTQ(operand.U32(flagReLU), t.flags)
	t.JZ(operand.LabelRef(label + "store"))
	zero := t.set.regs[n]
	t.zero(zero)
	for i := range n {
		t.VMAXPS(t.set.regs[i], zero, t.set.regs[i]) // the second source wins for NaN and -0
	}

	t.Label(label + "store")
	t.eachRow(rows, func(i int, m operand.Mem) {
		if vectors == 2 {
			t.VMOVUPS(t.acc(i, 0, 2), m)
		}
		m = m.Offset((vectors - 1) * t.set.width())
		if last := t.acc(i, vectors-1, vectors); t.full {
			t.VMOVUPS(last, m)
		} else {
			t.storeMasked(last, t.mask, m)
		}
	})
}

// eachRow calls f for each row of C.
func (t *tileWriter) eachRow(rows int, f func(i int, m operand.Mem)) {
	t.Load(t.Param("c"), t.c)
	t.Load(t.Param("cRow"), t.cRow)
	for i := range rows {
		f(i, operand.Mem{Base: t.c})
		if i < rows-1 {
			t.ADDQ(t.cRow, t.c)
		}
	}
}
