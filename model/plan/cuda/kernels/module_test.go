package kernels_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// TestPTXIsOfItsSources: the PTX was made after the last change of the kernels.
func TestPTXIsOfItsSources(t *testing.T) {
	files, err := fs.Glob(kernels.Sources, "*")
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b string) int { // as the shell expands *.cu *.h
		return strings.Compare(path.Ext(a)+a, path.Ext(b)+b)
	})
	var sums strings.Builder
	for _, name := range files {
		text, err := fs.ReadFile(kernels.Sources, name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), name)
	}
	want := fmt.Sprintf("// Made by scripts/cuda/ptx from sources %x\n", sha256.Sum256([]byte(sums.String())))
	for _, ptx := range []string{kernels.PTX, kernels.TensorPTX} {
		if found, _, _ := strings.Cut(ptx, "\n"); found+"\n" != want {
			t.Errorf("the PTX begins with %q, want %q: run scripts/cuda/ptx", found, want)
		}
	}
}

// TestParams: the parameters of kernels have 8 bytes each.
func TestParams(t *testing.T) {
	names := kernels.Names()
	if len(names) < 100 {
		t.Errorf("%d kernels", len(names))
	}
	for _, name := range names {
		sizes, ok := kernels.Params(name)
		if !ok || len(sizes) == 0 || slices.Max(sizes) != 8 || slices.Min(sizes) != 8 {
			t.Errorf("kernel %s has parameters of %v bytes", name, sizes)
		}
	}
	for _, name := range names {
		plain, mode, _ := strings.Cut(name, "_tf32")
		if tensor := mode != "" || plain != name; tensor != kernels.InTensorPTX(name) {
			t.Errorf("kernel %s is in the module for tensor cores: %v", name, !tensor)
		} else if !tensor {
			continue
		}
		sizes, ok := kernels.Params(plain) // launches of the one are launches of the other
		if form, _ := kernels.Params(name); !ok || !slices.Equal(sizes, form) {
			t.Errorf("kernel %s has parameters of %v bytes, %s of %v", name, form, plain, sizes)
		}
	}
	if _, ok := kernels.Params("nothing"); ok {
		t.Error("a kernel that is not there has parameters")
	}
}
