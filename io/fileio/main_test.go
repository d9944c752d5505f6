package fileio

import (
	"os"
	"testing"
)

// TestMain puts the stores of the tests into memory where it can, unless TMPDIR names another place: they sync thousands of
// files.
func TestMain(m *testing.M) {
	const memory = "/dev/shm"
	if f, err := os.CreateTemp(memory, "fileio-*"); err == nil && os.Getenv("TMPDIR") == "" {
		_ = f.Close()
		_ = os.Remove(f.Name())
		_ = os.Setenv("TMPDIR", memory)
	}
	os.Exit(m.Run())
}
