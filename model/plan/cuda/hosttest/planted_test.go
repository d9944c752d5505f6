package hosttest

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// on is a launch of one block of so many threads with addresses from Base on.
func on(kernel string, threads uint32, args ...any) kernels.Launch {
	return kernels.Launch{Kernel: kernel, Grid: [3]uint32{1, 1, 1}, Block: [3]uint32{threads, 1, 1}, Args: args}
}

// TestPlantedMistakes: threads that need a barrier and have none give wrong results, and what a GPU calls undefined is an error.
func TestPlantedMistakes(t *testing.T) {
	r := start(t, "planted")
	if err := r.Memory(4096); err != nil {
		t.Fatal(err)
	}
	for _, order := range []int{1, -1, 7} {
		for kernel, want := range map[string]int{"planted_race": 1, "planted_none": 0} {
			if err := r.Launch(on(kernel, 64, uint64(Base)), Mode{Order: order}); err != nil {
				t.Fatal(err)
			}
			result := make([]byte, 4*64)
			if err := r.Read(Base, result); err != nil {
				t.Fatal(err)
			}
			wrong := 0
			for i := range 64 {
				if math.Float32frombits(binary.LittleEndian.Uint32(result[4*i:])) != float32(63-i) {
					wrong = 1
				}
			}
			if wrong != want {
				t.Errorf("%s in order %d: results are wrong: %d, want %d", kernel, order, wrong, want)
			}
		}
	}
	for kernel, want := range map[string]string{"planted_divergence": "others for the block", "planted_mask": "has ended"} {
		if err := r.Launch(on(kernel, 32, uint64(Base)), Mode{Order: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", kernel, err, want)
		}
	}
	if err := r.Launch(on("planted_none", 96, uint64(Base)), Mode{Order: 1}); err == nil {
		t.Error("a block of more threads than the kernel's bound was launched")
	}
	for dimension, most := range []uint32{math.MaxInt32, 65535, 65535} {
		l := on("planted_none", 64, uint64(Base))
		l.Grid[dimension] = most + 1
		if err := r.Launch(l, Mode{Order: 1}); err == nil || !strings.Contains(err.Error(), "out of bounds") {
			t.Errorf("a grid of %d blocks: %v", l.Grid, err)
		}
	}
}

// TestPTXMistakes: PTX that a GPU may compute otherwise is refused, and so are addresses that a GPU refuses.
func TestPTXMistakes(t *testing.T) {
	r := Start(t)
	if err := r.Memory(4096); err != nil {
		t.Fatal(err)
	}
	add := func(x uint64) error {
		return r.Launch(on("elementwise_add", 32, int64(8), x, uint64(Base+256), uint64(Base+512)), Mode{PTX: true, Order: 1})
	}
	if err := add(Base); err != nil {
		t.Fatal(err)
	}
	if err := add(Base + 2); err == nil || !strings.Contains(err.Error(), "misaligned") {
		t.Errorf("an odd address: %v", err)
	}
	local := func(at string) string {
		return ".local .align 4 .b8 spare[8];\n st.local.f32 [spare+" + at + "], %f1;\n st.global.f32"
	}
	for _, c := range []struct {
		was, is string
		runs    bool
	}{
		{"add.rn.f32", "add.f32", false},
		{"st.global.f32", "st.f32", false},
		{"ret;", "call.uni foreign;", false},
		{"st.global.f32", local("4"), true},
		{"st.global.f32", local("8"), false}, // beyond what the kernel has
	} {
		at := strings.Index(kernels.PTX, ".entry elementwise_add(")
		if err := r.LoadPTX(kernels.PTX[:at] + strings.Replace(kernels.PTX[at:], c.was, c.is, 1)); err != nil {
			t.Fatal(err)
		}
		if err := add(Base); (err == nil) != c.runs {
			t.Errorf("PTX with %s in place of %s: %v", c.is, c.was, err)
		}
	}
}
