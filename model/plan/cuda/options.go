package cuda

import (
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A Math is how products of matrices and convolutions are computed.
type Math = kernels.Math

// ParseMath is the math of one of the names of Maths; "" is the default.
func ParseMath(name string) (Math, error) { return kernels.ParseMath(name) }

// Maths are the names of all, the default first.
func Maths() []string { return kernels.Maths() }

// ErrNotBuilt is the error of a Device and of Check in a program without GPU support.
var ErrNotBuilt = errors.New("this beamfit has no GPU support: GPUs need beamfit-cuda, the same program built with cgo and the tag gpu (docs/gpu.md)")

// Options are those of New.
type Options struct {
	// Math is how products are computed; "": Float32.
	Math Math
	// Shards is how many shards this process trains, which share its GPUs' memory; 0: one.
	Shards int
	// Choose takes one of the GPUs for this process; nil: the device works on all of them.
	Choose func([]GPU) (Choice, error)
	// Eager launches kernels one by one, not as a graph, to compare the two.
	Eager bool
}

// A Choice is a GPU that was taken.
type Choice struct {
	// Index is its place among those that there were.
	Index int
	// Processes is how many have taken it, this one among them.
	Processes int
	// Release gives it back when the device is closed.
	Release func() error
}

// A GPU is one that a Device works on.
type GPU struct {
	// Number is that of the driver, Name the product's. UUID is the same in all processes of the machine.
	Number     int
	Name, UUID string
	// Memory is what it has, and Share what one shard may take of it, in bytes.
	Memory, Share int64
	// Shards is how many share it in this process, and Processes how many have taken it, 0 where nobody has.
	Shards, Processes int
}

func (g GPU) String() string { return fmt.Sprintf("GPU %d (%s)", g.Number, g.Name) }

// Sharers says who shares the GPU: its shards, or the processes that have taken it where these are more; "" where it is one.
func (g GPU) Sharers() string {
	switch {
	case g.Processes > max(1, g.Shards):
		return fmt.Sprintf("%d processes", g.Processes)
	case g.Shards > 1:
		return fmt.Sprintf("%d shards", g.Shards)
	}
	return ""
}

// divide makes Share MADlib's: 0.9 of the memory, divided by the shards that share a GPU, of which the busiest has ⌈shards/GPUs⌉, or by the
// processes where these are more.
func (g *GPU) divide(shards, gpus int) {
	g.Shards = max(1, (shards+gpus-1)/gpus)
	g.Share = g.Memory / 10 * 9 / int64(max(g.Shards, g.Processes))
}
