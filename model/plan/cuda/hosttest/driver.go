package hosttest

import (
	"os"
	"path/filepath"
	"testing"
)

// LibEnv names the file that package cuda loads as the driver.
const LibEnv = "BEAMFIT_LIBCUDA"

// Driver makes the stand-in the driver of this process and of those that it starts, unless LibEnv names another one, and returns its file. It comes
// before the first use of a GPU. The test is skipped where the stand-in cannot be built.
func Driver(t testing.TB) (file string) {
	t.Helper()
	if file = os.Getenv(LibEnv); file != "" {
		return file
	}
	file = filepath.Join(Build(t), "libfakecuda.so")
	if err := os.Setenv(LibEnv, file); err != nil {
		t.Fatal(err)
	}
	return file
}
