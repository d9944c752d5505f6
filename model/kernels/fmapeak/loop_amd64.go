//go:build amd64 && !noasm

package fmapeak

import "golang.org/x/sys/cpu"

// loop returns the fastest loop of the CPU and its operations per round: 10 instructions of 2 operations per lane.
func loop() (run func(rounds int), perRound float64) {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ:
		return runAVX512, 10 * 2 * 16
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return runAVX2, 10 * 2 * 8
	}
	return nil, 0
}
