// Package fmapeak measures how many floating point operations per second one core can do, so that benchmarks can state
// their speed as a share of it. The figure belongs next to a result of the same run: clocks change, and machines are
// shared.
package fmapeak

import "time"

// FLOPS is the number of float32 operations per second of a loop of independent fused multiply-adds (two operations
// each) on the widest vectors of the CPU: the best of several short runs on the calling goroutine's core, together about
// d. It is 0 where the build or the CPU has no such loop.
func FLOPS(d time.Duration) float64 {
	run, perRound := loop()
	if run == nil {
		return 0
	}
	const runs = 5
	rounds, best := 1000, 0.0
	for i := 0; i < runs; {
		start := time.Now()
		run(rounds)
		elapsed := time.Since(start)
		if elapsed < d/runs {
			rounds *= 2
			continue
		}
		best = max(best, float64(rounds)*perRound/elapsed.Seconds())
		i++
	}
	return best
}
