package fileio

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
)

// A lock is a file that is open and locked. Closing it, or the death of the process, gives the lock back.
type lock struct{ f *os.File }

func (l *lock) release() {
	if l != nil && l.f != nil {
		_ = l.f.Close()
		l.f = nil
	}
}

// The waits between two tries for a lock that somebody holds.
const (
	firstWait = 200 * time.Microsecond
	lastWait  = 20 * time.Millisecond
)

// take locks the file at path, waiting until ctx ends. An exclusive lock makes the file where there is none.
func (d disk) take(ctx context.Context, path string, exclusive bool) (*lock, error) {
	f, err := d.openLock(path, exclusive)
	if err != nil {
		return nil, err
	}
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		ok, err := ownerlock.TryLock(f, exclusive)
		if ok {
			return &lock{f}, nil
		}
		if err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(wait):
				continue
			}
		}
		_ = f.Close()
		return nil, oserr.Named(err)
	}
}

// openLock opens the file of a lock, also for reading alone where it is not to be written.
func (d disk) openLock(path string, make bool) (*os.File, error) {
	flag := os.O_RDONLY
	if make {
		flag = os.O_RDWR
	}
	f, err := d.root.OpenFile(path, flag, 0)
	if !make || !errors.Is(err, os.ErrNotExist) {
		return f, oserr.Named(err)
	}
	f, err = d.fresh(path)
	if errors.Is(err, os.ErrExist) { // somebody was faster
		f, err = d.root.OpenFile(path, flag, 0)
	}
	return f, oserr.Named(err)
}

// tryTake locks the file at path for this process alone; nil when another open file has it or it is gone.
func (d disk) tryTake(path string, exclusive bool) (*lock, error) {
	f, err := d.open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ok, err := ownerlock.TryLock(f, exclusive)
	if !ok {
		_ = f.Close()
		return nil, oserr.Named(err)
	}
	return &lock{f}, nil
}

// locked runs fn with the store's lock: shared to see the catalogue and what it names stand still, exclusive to change
// them. It is held for moments, never while rows move.
func (s *Store) locked(ctx context.Context, exclusive bool, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return ctx.Err()
	}
	if exclusive {
		if err := s.makeFolders(privateMode); err != nil {
			return err
		}
	}
	l, err := s.disk.take(ctx, s.control("lock"), exclusive)
	if errors.Is(err, os.ErrNotExist) && !exclusive {
		return fn() // no store has been made here: there is nothing to keep still
	}
	if err != nil {
		return err
	}
	defer l.release()
	return fn()
}
