//go:build gpu

package cuda

import (
	"fmt"
	"sync"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A gpu is a GPU of a Device. It is started when the device opens, where a shard works on it, or with its first memory.
type gpu struct {
	GPU
	card       *card
	capability int  // of computing: 80 is 8.0
	tensor     bool // whether it needs the kernels for tensor cores, too

	mu      sync.Mutex
	started bool
}

func (g *gpu) failed(what string, err error) error {
	return fmt.Errorf("cuda: %v: %s: %w", g, what, err)
}

// start makes the GPU ready.
func (g *gpu) start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.started {
		return nil
	}
	err := g.card.start(g.tensor)
	if drv.OutOfMemory(err) {
		g.card.reclaim()
		err = g.card.start(g.tensor)
	}
	if err != nil {
		return g.failed("its start", err)
	}
	g.started = true
	return nil
}

func (g *gpu) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.started {
		return nil
	}
	g.started = false
	return g.card.stop()
}

// enter makes the GPU the one that the calling thread speaks to, until leave.
func (g *gpu) enter() error {
	if err := g.card.enter(); err != nil {
		return g.failed("its context", err)
	}
	return nil
}

func (g *gpu) leave() { g.card.leave() }

// launch packs a launch of a kernel. The GPU must be entered.
func (g *gpu) launch(l *kernels.Launch) (*drv.Launch, error) {
	sizes, ok := kernels.Params(l.Kernel)
	if !ok {
		panic(fmt.Sprintf("cuda: there is no kernel %q", l.Kernel))
	}
	var f cu.Function
	err := g.having("kernel "+l.Kernel, 0, func() (err error) {
		f, err = g.card.function(l.Kernel)
		return err
	})
	if err != nil {
		return nil, err
	}
	return drv.Pack(l.Kernel, f, l.Grid, l.Block, l.Shared, l.Args, sizes), nil
}

// alloc allocates memory of the GPU, which must be entered.
func (g *gpu) alloc(bytes int, what string) (p cu.DevicePtr, err error) {
	err = g.having(what, int64(bytes), func() (err error) {
		p, err = cu.MemAlloc(int64(bytes))
		return err
	})
	return p, err
}

// having does what takes memory of the GPU, which must be entered: so many bytes, or 0 where only the driver knows. Where there is none, it is done again without
// what nobody works with.
func (g *gpu) having(what string, bytes int64, do func() error) error {
	err := g.again(do)
	switch {
	case err == nil:
		return nil
	case !drv.OutOfMemory(err):
		return g.failed(what, err)
	}
	free, _, err := cu.MemInfo()
	if err != nil {
		return g.failed("its free memory", err)
	}
	return &plan.MemoryError{Place: g.String(), For: what, Need: bytes, Room: free}
}

// again does something, and once more without what nobody works with where the driver finds no memory.
func (g *gpu) again(do func() error) error {
	err := do()
	if !drv.OutOfMemory(err) {
		return err
	}
	if err := g.reclaim(); err != nil {
		return err
	}
	return do()
}

// mostLeft is what rows leave of a GPU for what the driver allocates: graphs, streams, kernels. Of a GPU of less than 8 GB it is a part.
const mostLeft = 256 << 20

// leaves says whether so many bytes leave enough of the GPU, which must be entered.
func (g *gpu) leaves(bytes int64) (bool, error) {
	free, _, err := cu.MemInfo()
	if err != nil {
		return false, g.failed("its free memory", err)
	}
	return free-bytes >= min(mostLeft, g.Memory/32), nil
}

// reclaim frees what nobody works with, on a GPU that is entered.
func (g *gpu) reclaim() error {
	g.card.reclaim()
	if err := g.enter(); err != nil { // that may have been on other GPUs
		return err
	}
	g.leave()
	return nil
}

// part is what this process may take of the memory: 0.9 of it, divided by the processes that have taken the GPU.
func (g *gpu) part() int64 { return g.Memory / 10 * 9 / int64(max(1, g.Processes)) }

// take counts bytes of arenas and rows: of a GPU a process takes no more than its part, however many Devices it has.
func (g *gpu) take(bytes int64, what string) error {
	taken, ok := g.card.take(bytes, g.part())
	if !ok {
		if err := g.reclaim(); err != nil {
			return err
		}
		taken, ok = g.card.take(bytes, g.part())
	}
	if ok {
		return nil
	}
	of := fmt.Sprintf("0.9 of its %d bytes", g.Memory)
	if g.Processes > 1 {
		of += fmt.Sprintf(", shared by %d processes", g.Processes)
	}
	return &plan.MemoryError{
		Place: g.String(), For: what, Need: bytes, Room: max(0, g.part()-taken), Of: fmt.Sprintf("%s, of which this process has %d already", of, taken),
	}
}
