package cpu

// A walk goes through an array in order and, at the same time, through another one by steps of its own per dimension.
type walk struct {
	shape, steps []int
	at           []int // counts through all dimensions but the last
}

func newWalk(shape, steps []int) *walk {
	return &walk{shape, steps, make([]int, len(shape))}
}

// each calls do for every run along the last dimension: where it begins in the array and in the other one, its length and
// its step in the other one. It does not allocate unless do does.
func (w *walk) each(do func(to, from, run, step int)) {
	last := len(w.shape) - 1
	run, step := w.shape[last], w.steps[last]
	clear(w.at)
	for to, from := 0, 0; ; to += run {
		do(to, from, run, step)
		d := last - 1
		for ; d >= 0; d-- {
			w.at[d]++
			from += w.steps[d]
			if w.at[d] < w.shape[d] {
				break
			}
			from -= w.at[d] * w.steps[d]
			w.at[d] = 0
		}
		if d < 0 {
			return
		}
	}
}
