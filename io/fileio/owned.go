package fileio

import (
	"context"
	"fmt"
)

// Owned reports whether an output's description is there and the lock of its owner is held.
func (s *Store) Owned(ctx context.Context, output string) (bool, error) {
	if err := s.ready(ctx); err != nil {
		return false, err
	}
	if !plainWord(output) {
		return false, fmt.Errorf("output %q is not one of a folder", output)
	}
	if !s.disk.exists(s.outputPath(output)) {
		return false, nil
	}
	l, err := s.disk.tryTake(s.outputPath(output), false) // shared, so that two who ask at the same time do not find each other
	if err != nil || l == nil {
		return err == nil, err
	}
	l.release()
	return false, nil
}
