//go:build gpu

package drv

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// cacheEnv names the folder in which the driver keeps what it has compiled, from one process to the next.
const cacheEnv = "CUDA_CACHE_PATH"

// keepCompiled gives the driver a folder of this user's in the temporary folder where it has none: its own is below the home folder, and where that cannot be
// written it would compile the kernels in every process. Without a folder it does.
func keepCompiled() {
	if os.Getenv(cacheEnv) != "" {
		return
	}
	own := filepath.Join(os.Getenv("HOME"), ".nv", "ComputeCache")
	if filepath.IsAbs(own) && os.MkdirAll(own, 0o700) == nil && unix.Access(own, unix.W_OK) == nil {
		return
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprint("beamfit-cuda-", os.Geteuid()))
	_ = os.Mkdir(folder, 0o700)
	if private(folder) {
		_ = os.Setenv(cacheEnv, folder)
	}
}

// private says of a folder that nobody but this user can put programs there.
func private(folder string) bool {
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return false
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(of.Uid) == os.Geteuid()
}
