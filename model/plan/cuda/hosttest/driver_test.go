package hosttest

import (
	"os"
	"testing"
)

// TestDriver tells scripts/cuda/driver where the stand-in is.
func TestDriver(t *testing.T) {
	file := Driver(t)
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	t.Logf("libcuda: %s", file)
}
