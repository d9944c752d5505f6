// Package gpulock gives each of the worker processes of a machine a GPU of its own, as long as there are enough, and else spreads them evenly.
//
// A process that has taken a GPU holds a lock on a file that is named by the GPU's UUID. It takes the GPU that the fewest processes hold, the first
// of those, and holds it until its last job there has ended; the system gives the lock back when the process dies. No service is needed, and which GPUs
// a process sees (CUDA_VISIBLE_DEVICES) makes no difference to the names.
//
// The files lie in a folder of the user's in the system's temporary folder (TMPDIR chooses another): processes of one user share out the GPUs among
// themselves, and containers that share no temporary folder know nothing of each other.
//
// Failure: where the folder belongs to somebody else, or its file system has no locks, Take says so and nothing is taken.
package gpulock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/model/plan/cuda"
)

const (
	prefix = "held-"
	suffix = ".lock"
	// taking is the file that is locked while a process counts and takes, so that two do not count the same.
	taking = "taking"
)

// A holder is a process with the GPU that it holds.
type holder struct {
	mu   sync.Mutex
	uuid string
	name string   // of the file
	lock *os.File // nil: it holds none
	jobs int
}

var process holder

// Take takes one of the GPUs for this process: that which it holds already, or the least held. The choice must be released; where the GPU turns out not to work,
// before Take is asked for one of the others.
func Take(found []cuda.GPU) (cuda.Choice, error) {
	process.mu.Lock()
	defer process.mu.Unlock()
	c, err := process.take(found)
	if err != nil {
		return c, fmt.Errorf("taking a GPU for this process: %w", err)
	}
	process.jobs++
	c.Release = sync.OnceValue(process.release)
	return c, nil
}

func (p *holder) take(found []cuda.GPU) (c cuda.Choice, err error) {
	root, err := folder()
	if err != nil {
		return c, err
	}
	defer root.Close()
	turn, err := ownerlock.Lock(root, taking)
	if err != nil {
		return c, err
	}
	defer turn.Close()
	ownerlock.Sweep(root, prefix, suffix, func(name string) { _ = root.Remove(name) })
	if p.lock == nil {
		for i := range found {
			if held(root, found[i].UUID) < held(root, found[c.Index].UUID) {
				c.Index = i
			}
		}
		p.uuid = found[c.Index].UUID
		if p.lock, p.name, err = ownerlock.Create(root, prefix+p.uuid+"-", suffix, 0o600); err != nil {
			return c, err
		}
	}
	c.Index = slices.IndexFunc(found, func(g cuda.GPU) bool { return g.UUID == p.uuid })
	if c.Index < 0 {
		return c, fmt.Errorf("it holds %s for other jobs, which is none of the %d GPUs that this one can use", p.uuid, len(found))
	}
	c.Processes = held(root, p.uuid)
	return c, nil
}

// held is how many processes hold a GPU, after a sweep.
func held(root *os.Root, uuid string) int { return len(ownerlock.Names(root, prefix+uuid+"-")) }

// release gives the GPU back with the last job.
func (p *holder) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jobs--; p.jobs > 0 {
		return nil
	}
	root, err := folder()
	if err == nil {
		err = root.Remove(p.name)
		_ = root.Close()
	}
	err = errors.Join(err, p.lock.Close())
	p.lock = nil
	return err
}

// folder is the folder of the locks, which is of this user alone.
func folder() (*os.Root, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprint("beamfit-gpus-", os.Geteuid()))
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || !ownerlock.Mine(info) || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s must be a folder of this user's that is open to nobody else, found mode %v, this user's: %v; TMPDIR chooses another place",
			path, info.Mode(), ownerlock.Mine(info))
	}
	return os.OpenRoot(path)
}
