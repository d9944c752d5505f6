package fileio

import (
	"os"
	"testing"
)

// TestMain puts the stores of the tests into memory where it can, unless TMPDIR names another place: they sync thousands of
// files.
func TestMain(m *testing.M) {
	const memory = "/dev/shm"
	if os.Getenv("TMPDIR") == "" {
		if dir, err := os.MkdirTemp(memory, "fileio-*"); err == nil {
			_ = os.Remove(dir)
			_ = os.Setenv("TMPDIR", memory)
		}
	}
	os.Exit(m.Run())
}
