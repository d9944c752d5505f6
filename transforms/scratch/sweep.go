package scratch

import (
	"os"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/ownerlock"
)

// Sweep removes what killed processes of this user have left: scratch folders, files without a name, and what earlier versions made. What
// it may not touch stays.
func Sweep() {
	for _, path := range slices.Compact([]string{Place(), os.TempDir()}) {
		if root, err := os.OpenRoot(path); err == nil {
			sweep(root)
			ownerlock.SweepUnnamed(root)
			sweepEmpty(root)
			_ = root.Close()
		}
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

// emptyPrefixes begin the names of files that earlier versions made empty, for a moment: for every job on prism, and to take the name away. Who was
// killed meanwhile left them. No lock tells whose they are, but the files of an export, which are among these names, have one.
var emptyPrefixes = []string{"beamfit-worker-", "beamfit-spool-", ".beamfit-"}

// emptyAge is far beyond that moment.
const emptyAge = time.Hour

// sweepEmpty removes such files.
func sweepEmpty(root *os.Root) {
	for _, prefix := range emptyPrefixes {
		for _, name := range ownerlock.Names(root, prefix) {
			info, err := root.Lstat(name)
			if err == nil && info.Size() == 0 && time.Since(info.ModTime()) > emptyAge {
				ownerlock.SweepOne(root, name, func(name string) { _ = root.Remove(name) })
			}
		}
	}
}
