package kernels

import "github.com/beamfit/beamfit/model/plan"

// A Launch is one kernel's.
type Launch struct {
	Kernel string
	// Grid are the blocks, Block the threads of each, in x, y, z.
	Grid, Block [3]uint32
	// Shared is dynamic shared memory in bytes.
	Shared uint32
	// Args have 8 bytes each: uint64 (an address), int64 or float64.
	Args []any
}

// Places are where an instruction's memory is on a device.
type Places struct {
	// At is the address of a place.
	At func(plan.Ref) uint64
	// Step is that of the StepState.
	Step uint64
	// Data puts constant bytes into the device's memory, for as long as the program lives, and returns their address, a multiple of 16. Bind
	// calls it.
	Data func(data []byte) uint64
}

// A place is an array on the device; none is at address 0, and stands for an operand that is not there.
type place struct {
	address uint64
	n       int // float32
}

// at is the place that begins i float32 further.
func (p place) at(i int) place {
	if p.address == 0 {
		return p
	}
	return place{p.address + 4*uint64(i), p.n - i}
}

// operands are the places of one instruction. out and side may be among in where the operation allows it.
type operands struct {
	in, side           []place
	out, scratch, step place
	put                func(data []byte) uint64
}

// optional is operand i, or none where the instruction has fewer.
func (o *operands) optional(i int) place {
	if i < len(o.in) {
		return o.in[i]
	}
	return place{}
}

// data are constant bytes on the device.
func (o *operands) data(bytes []byte) place { return place{o.put(bytes), len(bytes) / 4} }

// kernel is a launch. Arguments are places, whole numbers, truth values (0 or 1) and floating-point numbers.
func kernel(name string, grid [3]uint32, threads int, args ...any) Launch {
	l := Launch{Kernel: name, Grid: grid, Block: [3]uint32{uint32(threads), 1, 1}, Args: make([]any, len(args))}
	for i, a := range args {
		l.Args[i] = packed(a)
	}
	return l
}

func packed(a any) any {
	switch v := a.(type) {
	case place:
		return v.address
	case int:
		return int64(v)
	case uint64:
		return v
	case float32:
		return float64(v)
	case float64:
		return v
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	panic("kernels: an argument of a type that no kernel has")
}

// grid are the blocks of a launch, in x, y and z.
func grid(blocks ...int) [3]uint32 {
	g := [3]uint32{1, 1, 1}
	for i, n := range blocks {
		g[i] = uint32(n)
	}
	return g
}

// flat is the grid with a thread for each of n elements, 256 to a block.
func flat(n int) [3]uint32 { return grid(max(ceil(n, 256), 1)) }

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }
