//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// planted are mistakes that a device could make. Each prints what came of it, in a process of its own: some end it.
var planted = map[string]struct {
	do   func(m *memory) error
	want string // in what the process prints
}{
	"no synchronise": {func(m *memory) error { // reads before the copy is done
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		r := plan.Ref{Space: plan.Weights, Len: 4}
		m.Host(r)[0] = 5
		if err := errors.Join(m.up(r), m.wait()); err != nil {
			return err
		}
		m.Host(r)[0] = float32(math.NaN())
		if err := m.down(r); err != nil {
			return err
		}
		fmt.Println("before", m.Host(r)[0])
		if err := m.wait(); err != nil {
			return err
		}
		fmt.Println("after", m.Host(r)[0])
		return nil
	}, "before NaN\nafter 5\n"},
	"wrong thread": {func(m *memory) error {
		done := make(chan error)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			if err := cu.SetCurrentContext(cu.CUContext{}); err != nil {
				done <- err
				return
			}
			done <- m.up(plan.Ref{Space: plan.Weights, Len: 4})
		}()
		return <-done
	}, "InvalidContext"},
	"out of bounds": {func(m *memory) error {
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		l, err := m.gpu.launch(&kernels.Launch{
			Kernel: "pass_gather", Grid: [3]uint32{1 << 12, 1, 1}, Block: [3]uint32{256, 1, 1},
			Args: []any{m.state, m.state, m.state, int64(0), int64(1 << 20), int64(1), m.base[plan.Work]},
		})
		if err != nil {
			return err
		}
		return errors.Join(l.Do(*m.stream), m.wait())
	}, "SIGSEGV"},
	"allocation in capture": {func(m *memory) error {
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		_, err := drv.Capture(*m.stream, func() error {
			_, err := m.alloc(100, "a planted fault")
			return err
		})
		return err
	}, "StreamCaptureUnsupported"},
	"half of a copy is pinned": {func(m *memory) error {
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		host, err := m.pin(16)
		if err != nil {
			return err
		}
		_, err = drv.Capture(*m.stream, func() error {
			return cu.MemcpyHtoDAsync(cu.DevicePtr(m.base[plan.Weights]), host, 32, *m.stream)
		})
		return err
	}, "a copy from memory that is not pinned in a capture"},
	"device memory on the host": {func(m *memory) error {
		fmt.Println(**(**float32)(unsafe.Pointer(&m.state)))
		return nil
	}, "SIGSEGV"},
	"too many threads": {func(m *memory) error {
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		l, err := m.gpu.launch(&kernels.Launch{
			Kernel: "pass_gather", Grid: [3]uint32{1, 1, 1}, Block: [3]uint32{512, 1, 1},
			Args: []any{m.state, m.state, m.state, int64(0), int64(1), int64(1), m.base[plan.Work]},
		})
		if err != nil {
			return err
		}
		return l.Do(*m.stream)
	}, "CUDA error 701"},
	"new memory is no zero": {func(m *memory) error {
		if err := m.gpu.enter(); err != nil {
			return err
		}
		defer m.gpu.leave()
		p, err := m.alloc(16, "a planted fault")
		if err != nil {
			return err
		}
		r := plan.Ref{Space: plan.Weights, Len: 4}
		host := m.Host(r)
		if err := cu.MemcpyDtoHAsync(unsafe.Pointer(&host[0]), cu.DevicePtr(p), 16, *m.stream); err != nil {
			return err
		}
		err = m.wait()
		fmt.Println(host[0])
		return err
	}, "NaN"},
}

// TestPlantedFaults: the stand-in driver shows each of them, so a device whose tests pass on it makes none.
func TestPlantedFaults(t *testing.T) {
	hosttest.Driver(t)
	if fault := os.Getenv("BEAMFIT_PLANTED"); fault != "" {
		m, err := New(Options{}).NewMemory(plan.Sizes{plan.Weights: 8, plan.Work: 8})
		if err == nil {
			err = planted[fault].do(m.(*memory))
		}
		fmt.Println("error:", err)
		return
	}
	for name, p := range planted {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestPlantedFaults$")
			cmd.Env = append(os.Environ(), "BEAMFIT_PLANTED="+name)
			out, err := cmd.CombinedOutput()
			if !strings.Contains(string(out), p.want) {
				t.Errorf("the process printed (%v)\n%s\nwant %q", err, out, p.want)
			}
		})
	}
}
