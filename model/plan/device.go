package plan

import "github.com/beamfit/beamfit/model/optimizer"

// A Device runs plans. It is safe for concurrent use; a program is used by one goroutine at a time, and so is a memory, except
// that programs may run side by side in it where none writes to a place that another one reads or writes.
type Device interface {
	// Name tells devices apart, for people.
	Name() string
	// Scratch is how many float32 of scratch memory the device wants for an instruction. The places are not set yet.
	// An opcode that the device does not know is an error.
	Scratch(in *Instr) (int, error)
	// NewMemory allocates all spaces, filled with zeros.
	NewMemory(sizes Sizes) (Memory, error)
	// Slices says whether a batch may be cut into slices, for several cores.
	Slices() bool
	// Bind prepares a plan to run in a memory that this device allocated with sizes at least the plan's.
	Bind(p *Plan, m Memory) (Program, error)
}

// A Memory holds the spaces of one worker on a device.
type Memory interface {
	// Host is the host's view of a place. It stays the same slice for the life of the memory.
	Host(r Ref) []float32
	// Upload makes what the host wrote at a place known to the device, Download the other way. On a device whose memory
	// the host sees they do nothing.
	Upload(r Ref) error
	Download(r Ref) error
}

// A Program is a plan bound to a memory.
type Program interface {
	// Run makes one step. It allocates nothing.
	Run(s *Step) error
}

// A Step is what changes from one step to the next beside the batch.
type Step struct {
	// Seed and Counter decide the random numbers of the step; Counter differs for every step under one Seed.
	Seed, Counter uint64
	// Apart is Seed xor that of the batch: the slices of a batch draw different numbers.
	Apart uint64
	// Scalars are those of the optimizer for this step (optimizer.Optimizer.Scalars); a plan without an optimizer has no use for them.
	Scalars optimizer.Scalars
	// Crew are cores that an instruction may divide its work among; nil: there are none.
	Crew Crew
}

// BatchSeed is the seed that all slices of a batch have in common.
func (s *Step) BatchSeed() uint64 { return s.Seed ^ s.Apart }

// A Crew does jobs that do not depend on each other on several cores.
type Crew interface {
	// Divide calls do for the jobs 0 to jobs-1, side by side, where jobs is the number of cores that take part, from 2 to most.
	// When no core is idle it does nothing and returns false.
	Divide(most int, do func(job, jobs int)) bool
}

// Divide is that of the step's crew.
func (s *Step) Divide(most int, do func(job, jobs int)) bool {
	return most > 1 && s.Crew != nil && s.Crew.Divide(most, do)
}
