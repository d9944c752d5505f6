//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A gpu is a GPU with its primary context and the modules of the kernels, which it has from the first memory on.
type gpu struct {
	GPU
	card       *card
	dev        cu.Device
	capability int  // of computing: 80 is 8.0
	tensor     bool // whether the kernels for tensor cores are loaded, too

	mu        sync.Mutex
	started   bool
	ctx       cu.CUContext
	modules   []cu.Module // of kernels.PTX, of kernels.TensorPTX
	functions map[string]cu.Function
}

func (g *gpu) failed(what string, err error) error {
	return fmt.Errorf("cuda: %v: %s: %w", g, what, err)
}

// start takes the context and loads the kernels, which the driver compiles the first time.
func (g *gpu) start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.started {
		return nil
	}
	var err error
	if g.ctx, err = g.dev.RetainPrimaryCtx(); err != nil {
		return g.failed("its context", err)
	}
	if err = g.enter(); err == nil {
		err = g.load()
		g.leave()
	}
	if err != nil {
		return errors.Join(g.failed("loading the kernels", err), g.dev.ReleasePrimaryCtx())
	}
	g.functions, g.started = map[string]cu.Function{}, true
	return nil
}

// load loads the modules. What was loaded before an error goes with the context.
func (g *gpu) load() error {
	texts := []string{kernels.PTX}
	if g.tensor {
		texts = append(texts, kernels.TensorPTX)
	}
	g.modules = nil
	for _, text := range texts {
		m, err := cu.LoadData(text)
		if err != nil {
			return err
		}
		g.modules = append(g.modules, m)
	}
	return nil
}

// close gives the context back.
func (g *gpu) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.started {
		return nil
	}
	g.started = false
	err := g.enter()
	if err == nil {
		for _, m := range g.modules {
			err = errors.Join(err, drv.Unload(m))
		}
		g.leave()
	}
	return errors.Join(err, g.dev.ReleasePrimaryCtx())
}

// enter makes the GPU the one that the calling thread speaks to; leave ends it. Between the two the goroutine stays on the thread.
func (g *gpu) enter() error {
	runtime.LockOSThread()
	if err := cu.SetCurrentContext(g.ctx); err != nil {
		runtime.UnlockOSThread()
		return g.failed("its context", err)
	}
	return nil
}

func (g *gpu) leave() { runtime.UnlockOSThread() }

// launch packs a launch of a kernel. The GPU must be entered.
func (g *gpu) launch(l *kernels.Launch) (*drv.Launch, error) {
	sizes, ok := kernels.Params(l.Kernel)
	if !ok {
		panic(fmt.Sprintf("cuda: there is no kernel %q", l.Kernel))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	f, ok := g.functions[l.Kernel]
	if !ok {
		module := g.modules[0]
		if g.tensor && kernels.InTensorPTX(l.Kernel) {
			module = g.modules[1]
		}
		var err error
		if f, err = module.Function(l.Kernel); err != nil {
			return nil, g.failed("kernel "+l.Kernel, err)
		}
		g.functions[l.Kernel] = f
	}
	return drv.Pack(l.Kernel, f, l.Grid, l.Block, l.Shared, l.Args, sizes), nil
}

// alloc allocates memory of the GPU, which must be entered. Where it is full, memory that nobody works with goes first.
func (g *gpu) alloc(bytes int, what string) (cu.DevicePtr, error) {
	p, err := cu.MemAlloc(int64(bytes))
	if drv.OutOfMemory(err) {
		g.card.reclaim()
		if err := g.enter(); err != nil { // that may have been on other GPUs
			return 0, err
		}
		defer g.leave()
		p, err = cu.MemAlloc(int64(bytes))
	}
	switch {
	case err == nil:
		return p, nil
	case !drv.OutOfMemory(err):
		return 0, g.failed(what, err)
	}
	free, _, err := cu.MemInfo()
	if err != nil {
		return 0, g.failed("its free memory", err)
	}
	return 0, &plan.MemoryError{Place: g.String(), For: what, Need: int64(bytes), Room: free}
}
