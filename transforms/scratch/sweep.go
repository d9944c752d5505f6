package scratch

import (
	"os"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/ownerlock"
)

// Sweep removes what killed processes of this user have left: scratch folders, and the files of workers that earlier versions made. What
// it may not touch stays.
func Sweep() {
	if root, err := os.OpenRoot(Place()); err == nil {
		sweep(root)
		_ = root.Close()
	}
	if root, err := os.OpenRoot(os.TempDir()); err == nil {
		sweepWorkers(root)
		_ = root.Close()
	}
}

// sweep removes the folders in root that this user made and whose owner is gone. Others may write to root: what is no lock
// file of this user, a link among them, stays, and so does all that a link in such a folder points to.
func sweep(root *os.Root) {
	ownerlock.Sweep(root, prefix, suffix, func(name string) {
		if root.RemoveAll(strings.TrimSuffix(name, suffix)) == nil {
			_ = root.Remove(name)
		}
	})
}

const (
	workerPrefix = "beamfit-worker-"
	// workerAge is far beyond the moment for which a worker's file was needed: nobody holds a lock on it that would tell.
	workerAge = time.Hour
)

// sweepWorkers removes the empty files that a process made for every job on prism, and left where it was killed.
func sweepWorkers(root *os.Root) {
	for _, name := range ownerlock.Names(root, workerPrefix) {
		info, err := root.Lstat(name)
		if err == nil && info.Mode().IsRegular() && ownerlock.Mine(info) && info.Size() == 0 && time.Since(info.ModTime()) > workerAge {
			_ = root.Remove(name)
		}
	}
}
