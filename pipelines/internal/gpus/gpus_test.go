package gpus

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program writes a script that takes nvidia-smi's place.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nvidia-smi")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgram(t *testing.T) {
	s := source{program: program(t, `[ "$*" = -L ] || exit 3
echo "GPU 0: Tesla P100-PCIE-16GB (UUID: GPU-1)"
echo "GPU 1: NVIDIA H200 (UUID: GPU-2)"
echo "  MIG 1g.18gb Device 0: (UUID: MIG-3)"
`)}
	got, err := s.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"GPU 0: Tesla P100-PCIE-16GB (UUID: GPU-1)", "GPU 1: NVIDIA H200 (UUID: GPU-2)"}, got); d != "" {
		t.Error(d)
	}
}

// A driver without GPUs says so in a sentence, which is no GPU and no error.
func TestNoGPUs(t *testing.T) {
	for _, script := range []string{
		"echo No devices found.\n",
		"echo No devices found.\nexit 6\n",
		"echo 'No devices were found' >&2\nexit 255\n",
		"exit 6\n",
		"echo WARNING: infoROM is corrupted at gpu 0000:00:1E.0\n",
	} {
		got, err := source{program: program(t, script)}.list(t.Context())
		if err != nil || len(got) != 0 {
			t.Errorf("%q: %q, %v", script, got, err)
		}
	}
}

// A driver that does not answer is an error that has the program's own words, and does not hold the caller.
func TestDriverDoesNotAnswer(t *testing.T) {
	s := source{program: program(t, "echo NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.\nexit 9\n")}
	if got, err := s.list(t.Context()); err == nil || !strings.Contains(err.Error(), "has failed because it could not communicate") || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if got, err := (source{program: program(t, "sleep 60\n")}).list(ctx); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v, %v after %v", got, err, time.Since(began))
	}
}

func TestFiles(t *testing.T) {
	s := source{program: "no-such-program-as-nvidia-smi", folder: t.TempDir()}
	if got, err := s.list(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("without a driver: %v, %v", got, err)
	}
	for place, text := range map[string]string{
		"0000:0a:00.0": "Model: \t\t NVIDIA H200\nIRQ:   \t\t 312\nGPU UUID: \t GPU-7\nBus Location: \t 0000:0a:00.0\n",
		"0000:09:00.0": "IRQ: 1\n",
	} {
		if err := os.Mkdir(filepath.Join(s.folder, place), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.folder, place, "information"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"GPU 0: unknown (UUID: unknown)", "GPU 1: NVIDIA H200 (UUID: GPU-7)"}, got); d != "" {
		t.Error(d)
	}
}
