//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// again runs the test in a process of its own, whose driver is told something, and returns what it prints.
func again(t *testing.T, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(append(os.Environ(), "BEAMFIT_AGAIN=1"), env...)
	out, _ := cmd.CombinedOutput() // what it prints is looked at
	return string(out)
}

// inOwnProcess runs the test again in a process of its own, whose driver is told something, and tells whether this is that process; in any other the test
// is over, and has failed if it failed there.
func inOwnProcess(t *testing.T, env ...string) bool {
	t.Helper()
	const passed = "all as it should be"
	hosttest.Driver(t)
	if os.Getenv("BEAMFIT_AGAIN") != "" {
		t.Cleanup(func() {
			if !t.Failed() {
				fmt.Println(passed)
			}
		})
		return true
	}
	if out := again(t, env...); !strings.Contains(out, passed) {
		t.Error(out)
	}
	return false
}

// TestChoose: a device works on the GPU that was taken for it, with a part of its memory where other processes have taken it too, and gives it back.
// Nothing is looked for before it is needed.
func TestChoose(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=devices=3", "CUDA_VISIBLE_DEVICES=2,0") {
		return
	}
	var seen []GPU
	released := 0
	refuse := errors.New("none is free")
	d := New(Options{Shards: 2, Choose: func(found []GPU) (Choice, error) {
		seen = found
		if err := refuse; err != nil {
			refuse = nil
			return Choice{}, err
		}
		return Choice{Index: 1, Processes: 3, Release: func() error { released++; return nil }}, nil
	}})
	if seen != nil {
		t.Error("GPUs were looked for by New")
	}
	if _, err := d.NewMemoryAt(0, plan.Sizes{}); err == nil || err.Error() != "none is free" {
		t.Errorf("a choice that fails: %v", err)
	}
	m, err := d.NewMemory(plan.Sizes{plan.Weights: 8})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || !strings.HasSuffix(seen[0].UUID, "2") || !strings.HasSuffix(seen[1].UUID, "0") {
		t.Errorf("there were %+v to choose from", seen)
	}
	g, err := d.GPUs()
	if err != nil || len(g) != 1 || d.Places() != 1 || g[0].Number != 1 || g[0].Shards != 2 || g[0].Share != g[0].Memory/10*9/3 || g[0].Sharers() != "3 processes" {
		t.Errorf("the device works on %+v, %v", g, err)
	}
	if on := m.(*memory).gpu.GPU; on.UUID != seen[1].UUID {
		t.Errorf("memory is on %+v", on)
	}
	for range 2 {
		if err := d.Close(); err != nil || released != 1 {
			t.Errorf("closed: %v, released %d times", err, released)
		}
	}
	if err := New(Options{}).Close(); err != nil {
		t.Errorf("a device that was never opened: %v", err)
	}
}

// TestOpenFails: what is wrong with a machine is said.
func TestOpenFails(t *testing.T) {
	hosttest.Driver(t)
	if os.Getenv("BEAMFIT_AGAIN") != "" {
		_, err := New(Options{Math: Math(os.Getenv("BEAMFIT_MATH"))}).GPUs()
		fmt.Println(err)
		return
	}
	for _, c := range []struct {
		env, math, want string
	}{
		{"BEAMFIT_LIBCUDA=/nothing/libcuda.so.1", "", "cuda: no CUDA driver: /nothing/libcuda.so.1: cannot open"},
		{"FAKECUDA=nodevice", "", "cuda: the CUDA driver finds no GPU"},
		{"FAKECUDA=version=11040", "", "cuda: the driver is too old: it supports CUDA 11.4, expected 11.8 or later (driver 520)"},
		{"FAKECUDA=capability=60", "", "is too old: its compute capability is 6.0, expected 7.0 or later\n"},
		{"FAKECUDA=capability=60", "tf32", "is too old: its compute capability is 6.0, expected 7.0 or later\n"},
		{"FAKECUDA=capability=75", "", "<nil>"},
		{"FAKECUDA=capability=75", "float32", "<nil>"},
		{"FAKECUDA=capability=75", "tf32x3", "is too old: its compute capability is 7.5, expected 8.0 or later for GPU math tf32x3; float32 needs 7.0"},
		{"FAKECUDA=capability=80", "tf32", "<nil>"},
		{"FAKECUDA=prohibited=0", "", "GPU 0 (stand-in for a GPU) has the compute mode prohibited"},
		{"FAKECUDA=busy=0", "", "GPU 0 (stand-in for a GPU): its start: its context: CUDA error 46: "},
		{"FAKECUDA=badptx", "", "loading the kernels: CUDA error 222: an error of the stand-in driver: ptxas fatal: a version of PTX that is too new"},
	} {
		if out := again(t, c.env, "BEAMFIT_MATH="+c.math); !strings.Contains(out, c.want) {
			t.Errorf("%s: %s\nwant %s", c.env, out, c.want)
		}
	}
}

// TestOutOfMemory: an arena that does not fit is refused with the bytes, whether the shard's share or the GPU is too small; the device goes on.
func TestOutOfMemory(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=memory=1000000", "GOGC=off") {
		return
	}
	d := New(Options{Shards: 3})
	if g, err := d.GPUs(); err != nil || len(g) != 1 || g[0].Memory != 1000000 || g[0].Share != 300000 || g[0].Shards != 3 {
		t.Fatalf("GPUs are %+v, %v", g, err)
	}
	full := (*plan.MemoryError)(nil)
	if _, err := d.NewMemory(plan.Sizes{plan.Work: 90000}); !errors.As(err, &full) || full.Need != 360448 || full.Room != 300000 || full.Of == "" {
		t.Errorf("more than a share: %v (%+v)", err, full)
	}
	var all []plan.Memory // four of 256 KB are more than the process may take, though each is less than a share
	var err error
	for err == nil && len(all) < 5 {
		var m plan.Memory
		if m, err = d.NewMemory(plan.Sizes{plan.Work: 65536}); err == nil {
			all = append(all, m)
		}
	}
	if len(all) != 3 || !errors.As(err, &full) || full.Room != 112800 || !strings.HasSuffix(full.Of, "has 787200 already") {
		t.Errorf("%d memories, then %v", len(all), err)
	}
	all[2] = nil // nobody has it any more, and the collector does not know
	if all[2], err = d.NewMemory(plan.Sizes{plan.Work: 65536}); err != nil {
		t.Errorf("a memory in the place of one that is no longer reachable: %v", err)
	}
	if rows, err := all[0].(plan.Resident).Keep([]int{1000}, 100); rows != nil || err != nil {
		t.Errorf("rows that do not fit: %v, %v", rows, err)
	}
	if err := all[0].(*memory).Close(); err != nil {
		t.Error(err)
	}
	others := all[1].(*memory) // as if another process had taken the rest
	if err := others.gpu.enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := others.alloc(300000, "a planted fault"); err != nil {
		t.Fatal(err)
	}
	others.gpu.leave()
	if _, err := d.NewMemory(plan.Sizes{plan.Work: 65536}); !errors.As(err, &full) || full.Room != 175200 || full.Of != "" {
		t.Errorf("more than there is: %v (%+v)", err, full)
	}
	runtime.KeepAlive(all)
	if err := all[1].Download(plan.Ref{Space: plan.Work, Len: 10}); err != nil {
		t.Errorf("after the errors: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d.NewMemory(plan.Sizes{plan.Work: 8}); !errors.Is(err, errClosed) {
		t.Errorf("a closed device: %v", err)
	}
	if _, err := New(Options{}).NewMemory(plan.Sizes{plan.Work: 200000}); err != nil {
		t.Errorf("after Close the memory is not there again: %v", err)
	}
}

// TestSeveralGPUs: shards go to GPU shard mod GPUs, and what is made there stays there.
func TestSeveralGPUs(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=devices=2") {
		return
	}
	d := New(Options{Shards: 3})
	if g, err := d.GPUs(); err != nil || len(g) != 2 || g[1].Number != 1 || g[1].UUID == g[0].UUID || g[1].Shards != 2 || g[1].Share != g[1].Memory/10*9/2 {
		t.Fatalf("GPUs are %+v, %v", g, err)
	}
	var memories []*memory
	for place := range d.Places() {
		m, err := d.NewMemoryAt(place, plan.Sizes{plan.Weights: 8})
		if err != nil {
			t.Fatal(err)
		}
		memories = append(memories, m.(*memory))
		r := plan.Ref{Space: plan.Weights, Len: 8}
		m.Host(r)[3] = float32(place + 1)
		if err := m.Upload(r); err != nil {
			t.Fatal(err)
		}
		if err := m.(*memory).Download(r); err != nil { // waits: the host may write again
			t.Fatal(err)
		}
		m.Host(r)[3] = 0
		if err := m.Download(r); err != nil || m.Host(r)[3] != float32(place+1) {
			t.Errorf("GPU %d: %v, %v", place, m.Host(r)[3], err)
		}
	}
	rows, err := memories[0].Keep([]int{1}, 1)
	if err != nil || rows == nil {
		t.Fatal(rows, err)
	}
	p, err := d.Bind(&plan.Plan{Batch: 1}, memories[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := memories[1].RunSteps(p, &plan.Walk{Rows: rows}); err == nil {
		t.Error("GPU 1 walks over rows of GPU 0")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestTwoDevices: of a GPU two devices of a process take together what one of them may, the driver compiles the kernels for both once, and one goes on when the
// other is closed.
func TestTwoDevices(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=memory=1000000") {
		return
	}
	first, second := New(Options{}), New(Options{Math: kernels.TF32})
	half := plan.Sizes{plan.Work: 115000} // two are 0.92 of the memory
	m, err := first.NewMemory(half)
	if err != nil {
		t.Fatal(err)
	}
	c := m.(*memory).gpu.card
	compiled := c.modules[kernels.PTX]
	full := (*plan.MemoryError)(nil)
	if _, err := second.NewMemory(half); !errors.As(err, &full) || full.Room != 900000-460288 || full.Of == "" {
		t.Errorf("two devices take more than 0.9 of the memory: %v (%+v)", err, full)
	}
	if c.modules[kernels.PTX] != compiled || len(c.modules) != 2 {
		t.Errorf("the kernels were compiled again: %d modules", len(c.modules))
	}
	runtime.KeepAlive(m)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	other, err := second.NewMemory(half)
	if err != nil {
		t.Fatalf("in the place of what was given back: %v", err)
	}
	if err := other.Download(plan.Ref{Space: plan.Work, Len: 10}); err != nil {
		t.Error(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if c.taken != 0 || c.users != 0 || len(c.live) != 0 || len(c.devices) != 0 {
		t.Errorf("left on the GPU: %+v", c)
	}
}

// TestStartAgain: a driver that was not there, or found no GPU, is looked for again when the device is asked again.
func TestStartAgain(t *testing.T) {
	const fileEnv = "BEAMFIT_DRIVER"
	if !inOwnProcess(t, hosttest.LibEnv+"=/nothing/libcuda.so.1", fileEnv+"="+hosttest.Driver(t)) {
		return
	}
	d := New(Options{})
	if _, err := d.GPUs(); !errors.Is(err, drv.ErrNoDriver) {
		t.Errorf("without a driver: %v", err)
	}
	t.Setenv(hosttest.LibEnv, os.Getenv(fileEnv))
	t.Setenv("FAKECUDA", "nodevice")
	if _, err := d.GPUs(); !errors.Is(err, drv.ErrNoGPU) {
		t.Errorf("without a GPU: %v", err)
	}
	t.Setenv("FAKECUDA", "")
	if _, err := d.GPUs(); err != nil {
		t.Errorf("with a GPU: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestGPUsThatFail: GPUs that cannot be used, or give no context, are left out as long as there are others, and one that was taken is given back.
func TestGPUsThatFail(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=devices=4,prohibited=0,busy=2") {
		return
	}
	numbers := func(all []GPU) (n []int) {
		for _, g := range all {
			n = append(n, g.Number)
		}
		return n
	}
	d := New(Options{Shards: 2})
	if all, err := d.GPUs(); err != nil || !slices.Equal(numbers(all), []int{1, 3}) || all[0].Shards != 1 {
		t.Errorf("two shards have the GPUs %+v, %v", all, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	var seen [][]int
	released := 0
	d = New(Options{Choose: func(found []GPU) (Choice, error) {
		seen = append(seen, numbers(found))
		return Choice{Index: len(found) / 2, Processes: len(seen), Release: func() error { released++; return nil }}, nil
	}})
	all, err := d.GPUs()
	if err != nil || !slices.Equal(numbers(all), []int{3}) || all[0].Processes != 2 || released != 1 {
		t.Errorf("the device works on %+v after %d were given back, %v", all, released, err)
	}
	if len(seen) != 2 || !slices.Equal(seen[0], []int{1, 2, 3}) || !slices.Equal(seen[1], []int{1, 3}) {
		t.Errorf("there were %v to choose from", seen)
	}
	if err := d.Close(); err != nil || released != 2 {
		t.Errorf("closed: %v, released %d times", err, released)
	}
}

// TestNumbers: GPUs have the numbers that nvidia-smi gives them, by their places on the bus, unless the environment says how they are numbered.
func TestNumbers(t *testing.T) {
	hosttest.Driver(t)
	if os.Getenv("BEAMFIT_AGAIN") != "" {
		all, err := New(Options{}).GPUs()
		fmt.Println(all[0].UUID, err)
		return
	}
	for order, first := range map[string]string{"": "00 <nil>", "PCI_BUS_ID": "00 <nil>", "FASTEST_FIRST": "02 <nil>"} {
		if out := again(t, "FAKECUDA=devices=3,mixed", "CUDA_DEVICE_ORDER="+order); !strings.Contains(out, first) {
			t.Errorf("order %q: GPU 0 is %s, want one that ends with %s", order, out, first)
		}
	}
}
