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
	all, err := OnceEach(ctx, r, []string{key}, func(ctx context.Context, _ []int) ([]T, error) {
		value, err := made(ctx)
		return []T{value}, err
	})
	if err != nil {
		return *new(T), err
	}
	return all[0], nil
}

// OnceEach is Once for several keys whose values are made together. made gets the indexes of those that nobody has made, or is about to make,
// and returns their values in that order.
func OnceEach[T any](ctx context.Context, r *Run, keys []string, made func(ctx context.Context, mine []int) ([]T, error)) ([]T, error) {
	out := make([]T, len(keys))
	for {
		values, mine := r.once.claim(keys)
		if len(mine) > 0 { // before waiting for others, who may wait for these
			news, err := guard(ctx, func(ctx context.Context) ([]T, error) { return made(ctx, mine) })
			for k, i := range mine {
				v := values[i]
				if err == nil {
					v.value = news[k]
				} else {
					v.err, v.stopped = err, ctx.Err() != nil
					r.once.drop(keys[i], v)
				}
				close(v.made)
			}
			if err != nil {
				return nil, err
			}
		}
		again := false
		for i, v := range values {
			select {
			case <-v.made:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			switch {
			case v.stopped:
				again = true
			case v.err != nil:
				return nil, v.err
			default:
				out[i] = v.value.(T)
			}
		}
		if !again {
			return out, nil
		}
	}
}

// claim are the values of keys, and the indexes of those that are the caller's to make.
func (m *onceMap) claim(keys []string) (values []*onceValue, mine []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]*onceValue{}
	}
	for i, key := range keys {
		v, known := m.values[key]
		if !known {
			v = &onceValue{made: make(chan struct{})}
			m.values[key] = v
			mine = append(mine, i)
		}
		values = append(values, v)
	}
	return values, mine
}

// drop forgets a value, unless another one has taken its place.
func (m *onceMap) drop(key string, v *onceValue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key] == v {
		delete(m.values, key)
	}
}
