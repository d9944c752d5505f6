package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/model/plan/cuda"
)

// gpuProgram is the same program with GPU support.
const gpuProgram = "beamfit-cuda"

// gpuStarted is set in the environment of a beamfit-cuda that was started by beamfit.
const gpuStarted = "BEAMFIT_CUDA_STARTED"

// findGPUProgram makes this process beamfit-cuda, where it is not and that lies beside it. It returns when GPUs can be asked for, or with an
// error that says where to get the other program.
func (a *app) findGPUProgram() error {
	if cuda.Built {
		return nil
	}
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	other := filepath.Join(filepath.Dir(own), gpuProgram)
	switch same, err := sameFile(own, other); {
	case err == nil && same: // it would start itself for ever
		return fmt.Errorf("--gpus: %s was built without GPU support: build it with scripts/cuda/build (docs/gpu.md)", own)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("--gpus: this program has no GPU support, and there is no %s: build it with scripts/cuda/build, and put it there or call it "+
			"in the place of beamfit (docs/gpu.md)", other)
	case err != nil:
		return fmt.Errorf("--gpus: %w", err)
	}
	if os.Getenv(gpuStarted) != "" {
		return fmt.Errorf("--gpus: %s was built without GPU support, too: build it with scripts/cuda/build (docs/gpu.md)", own)
	}
	if err := os.Setenv(gpuStarted, "1"); err != nil {
		return fmt.Errorf("--gpus: %w", err)
	}
	return fmt.Errorf("--gpus: starting %s: %w", other, replaceProcess(other, a.process))
}

// sameFile reports that two paths are one file.
func sameFile(a, b string) (bool, error) {
	x, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y), err
}
