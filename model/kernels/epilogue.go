package kernels

// An epilogue is what happens to the sums of a layer as soon as a block of them is complete, while it is in the cache: the
// activation and the dropout behind it.
type epilogue struct {
	act  Activation
	mask dropMask
}

func newEpilogue(act Activation, drop Drop) epilogue { return epilogue{act, drop.mask()} }

// none says that nothing is left to do.
func (e *epilogue) none() bool { return e.act == Linear && e.mask.threshold == 0 }

// run finishes the elements from..to-1 of a result.
func (e *epilogue) run(y []float32, from, to int) {
	part := y[from:to]
	if e.act != Linear {
		activation(e.act, part, part)
	}
	if e.mask.threshold != 0 {
		dropout(&e.mask, from, part, part)
	}
}

// rows finishes columns from..from+n-1 of the rows first..last-1 of a result with ld columns.
func (e *epilogue) rows(y []float32, ld, first, last, from, n int) {
	switch {
	case e.none():
	case n == ld:
		e.run(y, first*ld, last*ld)
	default:
		for i := first; i < last; i++ {
			e.run(y, i*ld+from, i*ld+from+n)
		}
	}
}
