package recipe

import (
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/kernels"
)

// A worker that computes with other kernels than the run names both, and what to do.
func TestOtherKernels(t *testing.T) {
	m := Model{
		Arch:    []byte(`{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"name":"d","units":2,"batch_input_shape":[null,3]}}]}`),
		Kernels: kernels.Variant(),
	}
	if _, err := m.New(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Kernels = "others"
	_, err := m.New(t.Context())
	for _, part := range []string{"the kernels " + kernels.Variant(), "the run with others", "--kernels"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
}
