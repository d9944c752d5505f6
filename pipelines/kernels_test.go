package pipelines

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/kernels"
)

// TestKernelsOfEnvironment: a program whose environment asks for kernels that there are not starts, and nothing in it computes.
func TestKernelsOfEnvironment(t *testing.T) {
	if os.Getenv(kernels.VariantEnv) != "sse" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKernelsOfEnvironment$")
		cmd.Env = append(os.Environ(), kernels.VariantEnv+"=sse")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	env := Env{Store: fileStore(t)}
	_, split := Split(t.Context(), env, SplitOptions{})
	_, opened := OpenModel(t.Context(), env.Store, "model")
	for name, err := range map[string]error{"Split": split, "OpenModel": opened} {
		if wrong := (*ArgumentError)(nil); !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), kernels.VariantEnv+`: kernels "sse": `) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
