//go:build unix

package runner

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// EnvWorkerLog names a folder where each worker keeps its standard error in a file of its own: engines throw it away, and with it
// the last words of a worker that cannot reach them, or crashes.
const EnvWorkerLog = "BEAMFIT_WORKER_LOG"

// redirectLog sends standard output and error to a file where EnvWorkerLog asks for it.
func redirectLog() error {
	dir := os.Getenv(EnvWorkerLog)
	if dir == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("worker-%d.log", os.Getpid())), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", EnvWorkerLog, err)
	}
	defer f.Close()
	for _, fd := range []int{1, 2} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return fmt.Errorf("%s: %w", EnvWorkerLog, err)
		}
	}
	return nil
}
