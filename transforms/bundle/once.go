package bundle

import (
	"context"
	"io"
	"sync"
)

// onceMap is what Once has made, by key.
type onceMap struct {
	mu     sync.Mutex
	values map[string]*onceValue
}

type onceValue struct {
	made    chan struct{} // closed when value or err is there
	value   any
	err     error
	stopped bool // err is that its maker was stopped
}

// clear forgets all values, and closes those that can be closed.
func (m *onceMap) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.values {
		select {
		case <-v.made:
			if c, ok := v.value.(io.Closer); ok {
				_ = c.Close() // whoever worked with it has ended
			}
		default:
		}
	}
	m.values = nil
}

// Once is the value of key in the run: what made returned when it was first called, which must be of type T for that key. A key names
// what differs inside of a run, which is one call of a job and has one model: a shard, the weights of a box. Calls
// at the same time wait for the one that makes it. An error is not kept; who waited for it gets it too, unless it is that the maker was
// stopped: then one of those who waited makes the value.
func Once[T any](ctx context.Context, r *Run, key string, made func(context.Context) (T, error)) (T, error) {
	for {
		v, mine := r.once.claim(key)
		if mine {
			v.value, v.err = guard(ctx, made)
			v.stopped = v.err != nil && ctx.Err() != nil
			if v.err != nil {
				r.once.drop(key, v)
			}
			close(v.made)
		}
		select {
		case <-v.made:
		case <-ctx.Done():
			return *new(T), context.Cause(ctx)
		}
		switch {
		case v.stopped && !mine:
			continue
		case v.err != nil:
			return *new(T), v.err
		}
		return v.value.(T), nil
	}
}

// claim is the value of a key, and whether it is the caller's to make.
func (m *onceMap) claim(key string) (v *onceValue, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, known := m.values[key]; known {
		return v, false
	}
	if m.values == nil {
		m.values = map[string]*onceValue{}
	}
	v = &onceValue{made: make(chan struct{})}
	m.values[key] = v
	return v, true
}

// drop forgets a value, unless another one has taken its place.
func (m *onceMap) drop(key string, v *onceValue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key] == v {
		delete(m.values, key)
	}
}
