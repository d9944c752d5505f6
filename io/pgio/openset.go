package pgio

import (
	"context"
	"sync"
)

// A closer is something of a store that the store's Close ends.
type closer interface{ end(ctx context.Context) }

// An openSet has what is open of a store.
type openSet struct {
	mu     sync.Mutex
	all    map[closer]struct{}
	closed error // what a closed store says
}

// hold registers what must be ended before the store is.
func (s *openSet) hold(c closer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return s.closed
	}
	if s.all == nil {
		s.all = map[closer]struct{}{}
	}
	s.all[c] = struct{}{}
	return nil
}

func (s *openSet) forget(c closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c)
}

func (s *openSet) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed != nil
}

// close lets nothing more in and returns what has to be ended. The first call alone has something to do.
func (s *openSet) close(closed error) (left []closer, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return nil, false
	}
	s.closed = closed
	for c := range s.all {
		left = append(left, c)
	}
	return left, true
}
