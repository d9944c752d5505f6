package cuda

import (
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A Description says how a GPU does a step.
type Description struct {
	// Instrs are the plan's, in order.
	Instrs []InstrDescription
	// Launches of kernels in a step, and Graphs that they are captured in: one where every instruction has kernels.
	Launches, Graphs int
	// FillLaunches come before them where the rows of the shard are on the GPU: they fill the batch.
	FillLaunches int
	// Transfers are the copies over the bus that instructions without kernels cause in a step, and Bytes what they copy.
	Transfers, TransferBytes int
	// StepBytes cross the bus in every step whatever the instructions are, where the rows are on the GPU: what changes from step to step,
	// and the order of the rows, 4 bytes per row. BatchBytes do where they are not: the batch.
	StepBytes, BatchBytes int
	// RowBytes are those of StepBytes for each row: a pass copies as many times its rows.
	RowBytes float64
	// Intensity is the floating-point operations of products and convolutions per byte of the arrays that all instructions read and write.
	Intensity float64
	// IterationBytes go up and come down once per iteration: weights and what the optimizer remembers.
	IterationBytes int
}

// An InstrDescription is an instruction's.
type InstrDescription struct {
	// Native says whether it has kernels; without them it runs on the CPU.
	Native bool
	// Kernels are the names of those that it launches.
	Kernels []string
}

// Describe says how a GPU does a step of a plan.
func (c Compiler) Describe(p *plan.Plan) (Description, error) {
	d := Description{FillLaunches: 1 + len(p.Inputs) + len(p.Labels) + len(p.Scales)}
	// Addresses decide nothing: any will do, but 0, which stands for no operand.
	at := kernels.Places{
		At:   func(plan.Ref) uint64 { return spaceAlign },
		Step: spaceAlign,
		Data: func([]byte) uint64 { return spaceAlign },
	}
	for _, s := range segments(p) {
		if !s.native {
			down, up := s.down(), s.up()
			d.Transfers += len(down) + len(up)
			d.TransferBytes += bytesOf(down) + bytesOf(up)
			d.Instrs = append(d.Instrs, make([]InstrDescription, len(s.instrs))...)
			continue
		}
		d.Graphs++
		for i := range s.instrs {
			launches, err := kernels.Bind(&s.instrs[i], at, c.Math)
			if err != nil {
				return Description{}, err
			}
			in := InstrDescription{Native: true}
			for _, l := range launches {
				in.Kernels = append(in.Kernels, l.Kernel)
			}
			d.Launches += len(launches)
			d.Instrs = append(d.Instrs, in)
		}
	}
	d.Intensity = float64(p.FLOP()) / float64(max(p.Traffic(), 1))
	d.StepBytes = kernels.StepStateBytes + 4*len(p.Scales) + 4*p.Batch
	d.RowBytes = float64(d.StepBytes) / float64(p.Batch)
	for _, refs := range [][]plan.Ref{p.Inputs, p.Labels, p.Scales} {
		d.BatchBytes += bytesOf(refs)
	}
	d.IterationBytes = 2 * 4 * (p.Sizes[plan.Weights] + p.Sizes[plan.Slots])
	return d, nil
}
