package bundle

import (
	"fmt"
	"reflect"
)

// Share gives the DoFns of the run, in this process, a value of type T to find with Shared: what is too large for a
// pipeline graph or cannot be encoded. End forgets it.
func Share[T any](run string, v T) {
	Of(run).values.Store(reflect.TypeFor[T](), v)
}

// Shared is the value of type T that was shared with the run of that ID.
func Shared[T any](run string) (v T, err error) {
	r := Of(run)
	if x, ok := r.values.Load(reflect.TypeFor[T]()); ok {
		return x.(T), nil
	}
	if r.ctx.Err() != nil {
		return v, ErrEnded
	}
	return v, fmt.Errorf("internal error: run %q shares no %s in this process", run, reflect.TypeFor[T]())
}
