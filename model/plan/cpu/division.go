package cpu

import "github.com/beamfit/beamfit/model/plan"

// Limits of what is worth dividing among cores. No result depends on them.
const (
	maxParts = 64
	// partFLOP is the least work of a part of a product: about a tenth of a millisecond, many times what it takes to wake
	// a core.
	partFLOP = 8e6
	// columnGrain is a multiple of the widest panel of a product's columns.
	columnGrain = 32
)

// A division cuts 0..n-1, columns or weights that are computed independently of each other, into parts for several cores.
type division struct{ n, grain, most int }

// divide cuts n at multiples of grain into at most that many parts.
func divide(n, grain, most int) division {
	return division{n, grain, max(1, min(most, maxParts, (n+grain-1)/grain))}
}

// divideProduct cuts the columns of an m x n product of inner dimension k.
func divideProduct(m, n, k int) division { return divide(n, columnGrain, 2*m*n*k/partFLOP) }

// bounds are where a part begins and ends.
func (d division) bounds(part, parts int) (from, to int) {
	units := (d.n + d.grain - 1) / d.grain
	return min(units*part/parts*d.grain, d.n), min(units*(part+1)/parts*d.grain, d.n)
}

// scratch is the memory for the parts side by side, however many they are. need is what so many columns need.
func (d division) scratch(need func(columns int) int) int {
	most := need(d.n)
	for parts := 2; parts <= d.most; parts++ {
		widest := 0
		for part := range parts {
			from, to := d.bounds(part, parts)
			widest = max(widest, to-from)
		}
		most = max(most, parts*((need(widest)+alignment-1)/alignment*alignment))
	}
	return most
}

// call is the instruction that does the whole at once, or in parts where cores are idle. do is given its share of scratch.
func (d division) call(scratch []float32, do func(s *plan.Step, from, to int, scratch []float32)) call {
	if d.most == 1 {
		return func(s *plan.Step) { do(s, 0, d.n, scratch) }
	}
	var step *plan.Step // a closure of each step would be an allocation
	job := func(part, parts int) {
		from, to := d.bounds(part, parts)
		share := len(scratch) / parts / alignment * alignment
		do(step, from, to, scratch[part*share:(part+1)*share])
	}
	return func(s *plan.Step) {
		step = s
		if !s.Divide(d.most, job) {
			do(s, 0, d.n, scratch)
		}
	}
}
