package ownerlock

import (
	"errors"
	"os"
)

// unnamedPrefix begins the names that files without a name have for a moment where the system makes none without.
const unnamedPrefix = "beamfit-unnamed-"

// Unnamed makes an empty file without a name in a folder, for this process alone: it goes when it is closed, or with the process.
func Unnamed(folder string) (*os.File, error) {
	f, err := unnamed(folder)
	if errors.Is(err, errors.ErrUnsupported) {
		return namedAtFirst(folder)
	}
	return f, err
}

// namedAtFirst is Unnamed for systems where a file has a name at first. A process that is killed in that moment leaves a file whose owner is
// gone, for the next one here and SweepUnnamed.
func namedAtFirst(folder string) (*os.File, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	SweepUnnamed(root)
	f, name, err := Create(root, unnamedPrefix, "", 0o600)
	if err != nil {
		return nil, err
	}
	if err := root.Remove(name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// SweepUnnamed removes what killed processes of this user have left of Unnamed in a folder.
func SweepUnnamed(root *os.Root) {
	Sweep(root, unnamedPrefix, "", func(name string) { _ = root.Remove(name) })
}
