package hosttest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// Base is the address where a Runner's memory begins.
const Base = 0x600000000000

// ErrEnded is what a Runner says whose process has ended, as one does after an access to memory that is not there.
var ErrEnded = errors.New("the kernels' process ended")

// A Mode is how kernels run: compiled for the CPU, or as their PTX says, with threads and blocks in an order: 1 is forward, -1 backward,
// everything else the seed of a shuffle.
type Mode struct {
	PTX   bool
	Order int
}

// A Runner is a process that runs kernels. Its memory is its own, so that a kernel that writes elsewhere kills no test.
type Runner struct {
	in     *bufio.Writer
	out    *bufio.Reader
	stderr bytes.Buffer
}

// Start begins a process that ends with the test.
func Start(t testing.TB) *Runner {
	t.Helper()
	return start(t, "kernelrun")
}

// start begins one of the programs of Build.
func start(t testing.TB, program string) *Runner {
	t.Helper()
	cmd := exec.Command(filepath.Join(Build(t), program))
	r := &Runner{}
	cmd.Stderr = &r.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the kernels' process: %v\n%s", err, r.stderr.String())
		}
	})
	r.in, r.out = bufio.NewWriterSize(in, 1<<16), bufio.NewReaderSize(out, 1<<16)
	if err := r.LoadPTX(kernels.PTX + kernels.TensorPTX); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Runner) numbers(values ...uint64) {
	for _, v := range values {
		_ = binary.Write(r.in, binary.LittleEndian, v)
	}
}

func (r *Runner) text(s string) {
	r.numbers(uint64(len(s)))
	_, _ = r.in.WriteString(s)
}

// answer is nil where the process has done what it was told.
func (r *Runner) answer() error {
	if err := r.in.Flush(); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	var n uint64
	if err := binary.Read(r.out, binary.LittleEndian, &n); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	if n == 0 {
		return nil
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r.out, text); err != nil {
		return err
	}
	return fmt.Errorf("%s", text)
}

// LoadPTX takes a module for launches of Mode.PTX.
func (r *Runner) LoadPTX(text string) error {
	_ = r.in.WriteByte('P')
	r.text(text)
	return r.answer()
}

// Memory makes memory of so many bytes at Base, in place of what was there.
func (r *Runner) Memory(n int) error {
	_ = r.in.WriteByte('M')
	r.numbers(uint64(max(n, 1)))
	return r.answer()
}

// Write copies to memory.
func (r *Runner) Write(address uint64, data []byte) error {
	_ = r.in.WriteByte('W')
	r.numbers(address, uint64(len(data)))
	_, _ = r.in.Write(data)
	return r.answer()
}

// Read copies from memory.
func (r *Runner) Read(address uint64, data []byte) error {
	_ = r.in.WriteByte('R')
	r.numbers(address, uint64(len(data)))
	if err := r.answer(); err != nil {
		return err
	}
	_, err := io.ReadFull(r.out, data)
	return err
}

// Launch runs a kernel to its end.
func (r *Runner) Launch(l kernels.Launch, m Mode) error {
	_ = r.in.WriteByte('L')
	interpreted := uint64(0)
	if m.PTX {
		interpreted = 1
	}
	r.numbers(interpreted, uint64(m.Order))
	for _, d := range slices.Concat(l.Grid[:], l.Block[:]) {
		r.numbers(uint64(d))
	}
	r.numbers(uint64(l.Shared))
	r.text(l.Kernel)
	r.numbers(uint64(len(l.Args)))
	for _, a := range l.Args {
		switch v := a.(type) {
		case uint64:
			r.numbers(v)
		case int64:
			r.numbers(uint64(v))
		case float64:
			r.numbers(math.Float64bits(v))
		default:
			return fmt.Errorf("kernel %s: an argument of type %T", l.Kernel, a)
		}
	}
	if err := r.answer(); err != nil {
		return fmt.Errorf("kernel %s: %w", l.Kernel, err)
	}
	return nil
}

// sorted are the keys of a map in order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
