package kernels

import (
	"fmt"
	"runtime"
	"sort"
	"time"

	"github.com/beamfit/beamfit/model/kernels/fmapeak"
)

// AB runs alternatives interleaved.
func AB(flop float64, rounds int, names []string, fs ...func()) {
	runtime.LockOSThread()
	ts := make([][]float64, len(fs))
	pk := 0.0
	for r := range rounds {
		for i, f := range fs {
			t := threadTime()
			f()
			d := threadTime() - t
			if r > 0 {
				ts[i] = append(ts[i], d.Seconds())
			}
		}
		pk = max(pk, fmapeak.FLOPS(time.Millisecond))
	}
	for i, n := range names {
		sort.Float64s(ts[i])
		fmt.Printf("  %-14s min %.1f%% q1 %.1f%% median %.1f%%  %.3f ms\n", n, 100*flop/ts[i][0]/pk, 100*flop/ts[i][len(ts[i])/4]/pk, 100*flop/ts[i][len(ts[i])/2]/pk, 1e3*ts[i][0])
	}
}
