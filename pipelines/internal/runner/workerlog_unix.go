//go:build unix

package runner

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// envWorkerLog names a folder where each worker keeps its standard error in a file of its own: engines throw it away, and with it
// the last words of a worker that cannot reach them, or crashes.
const envWorkerLog = "BEAMFIT_WORKER_LOG"

// redirectLog sends standard output and error to a file where envWorkerLog asks for it.
func redirectLog() error {
	dir := os.Getenv(envWorkerLog)
	if dir == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("worker-%d.log", os.Getpid())), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", envWorkerLog, err)
	}
	defer f.Close()
	for _, fd := range []int{1, 2} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return fmt.Errorf("%s: %w", envWorkerLog, err)
		}
	}
	return nil
}
