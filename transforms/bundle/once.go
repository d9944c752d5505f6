package bundle

import (
	"context"
	"sync"
)

// onceMap is what Once has made, by key.
type onceMap struct {
	mu     sync.Mutex
	values map[string]*onceValue
}

type onceValue struct {
	made  chan struct{} // closed when value or err is there
	value any
	err   error
}

func (m *onceMap) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = nil
}

// Once is the value of key in the run: what made returned when it was first called, which must be of type T for that key. Calls
// at the same time wait for the one that makes it. An error is not kept; who waited for it gets it too.
func Once[T any](ctx context.Context, r *Run, key string, made func(context.Context) (T, error)) (T, error) {
	m := &r.once
	m.mu.Lock()
	v, known := m.values[key]
	if !known {
		v = &onceValue{made: make(chan struct{})}
		if m.values == nil {
			m.values = map[string]*onceValue{}
		}
		m.values[key] = v
	}
	m.mu.Unlock()
	if !known {
		v.value, v.err = guard(ctx, made)
		if v.err != nil {
			m.mu.Lock()
			if m.values[key] == v {
				delete(m.values, key)
			}
			m.mu.Unlock()
		}
		close(v.made)
	}
	select {
	case <-v.made:
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
	if v.err != nil {
		return *new(T), v.err
	}
	return v.value.(T), nil
}

// Forget drops the value of a key, so that the next call of Once makes it again.
func (r *Run) Forget(key string) {
	r.once.mu.Lock()
	defer r.once.mu.Unlock()
	delete(r.once.values, key)
}
