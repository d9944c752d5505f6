//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"runtime"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// start takes the context and loads the kernels, where no Device has done so, and those for tensor cores where they are wanted. The driver compiles them
// the first time.
func (c *card) start(tensor bool) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == 0 {
		if c.ctx, err = drv.Retain(c.dev); err != nil {
			return fmt.Errorf("its context: %w", err)
		}
		c.modules, c.functions = map[string]cu.Module{}, map[string]cu.Function{}
	}
	if err = c.enter(); err == nil {
		err = c.load(kernels.PTX)
		if err == nil && tensor {
			err = c.load(kernels.TensorPTX)
		}
		c.leave()
	}
	if err != nil {
		err = fmt.Errorf("loading the kernels: %w", err)
		if c.users == 0 { // what was loaded goes with the context
			err = errors.Join(err, c.dev.ReleasePrimaryCtx())
		}
		return err
	}
	c.users++
	return nil
}

func (c *card) load(ptx string) error {
	if _, there := c.modules[ptx]; there {
		return nil
	}
	m, err := drv.Load(ptx)
	if err == nil {
		c.modules[ptx] = m
	}
	return err
}

// stop gives the context back with the last Device.
func (c *card) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users > 0 {
		return nil
	}
	err := c.enter()
	if err == nil {
		for _, m := range c.modules {
			err = errors.Join(err, drv.Unload(m))
		}
		c.leave()
	}
	return errors.Join(err, c.dev.ReleasePrimaryCtx())
}

// enter makes the GPU the one that the calling thread speaks to; leave ends it. Between the two the goroutine stays on the thread.
func (c *card) enter() error {
	runtime.LockOSThread()
	if err := cu.SetCurrentContext(c.ctx); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	return nil
}

func (*card) leave() { runtime.UnlockOSThread() }

// function is a kernel. The GPU must be entered.
func (c *card) function(kernel string) (cu.Function, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.functions[kernel]; ok {
		return f, nil
	}
	ptx := kernels.PTX
	if kernels.InTensorPTX(kernel) {
		ptx = kernels.TensorPTX
	}
	f, err := c.modules[ptx].Function(kernel)
	if err == nil {
		c.functions[kernel] = f
	}
	return f, err
}
