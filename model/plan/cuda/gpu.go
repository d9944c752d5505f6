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

// A gpu is a GPU with its primary context and the module of all kernels, which it has from the first memory on.
type gpu struct {
	GPU
	dev cu.Device

	mu        sync.Mutex
	started   bool
	ctx       cu.CUContext
	module    cu.Module
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
		g.module, err = cu.LoadData(kernels.PTX)
		g.leave()
	}
	if err != nil {
		return errors.Join(g.failed("loading the kernels", err), g.dev.ReleasePrimaryCtx())
	}
	g.functions, g.started = map[string]cu.Function{}, true
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
		err = drv.Unload(g.module)
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
		var err error
		if f, err = g.module.Function(l.Kernel); err != nil {
			return nil, g.failed("kernel "+l.Kernel, err)
		}
		g.functions[l.Kernel] = f
	}
	return drv.Pack(l.Kernel, f, l.Grid, l.Block, l.Shared, l.Args, sizes), nil
}

// alloc allocates memory of the GPU, which must be entered.
func (g *gpu) alloc(bytes int, what string) (cu.DevicePtr, error) {
	p, err := cu.MemAlloc(int64(bytes))
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
