package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// All that ask get what was made once; an error is for those who waited for it.
func TestOnce(t *testing.T) {
	r := Begin(t.Context(), Options{})
	var made atomic.Int64
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := Once(t.Context(), r, "a", func(context.Context) (int64, error) { <-begin; return made.Add(1), nil })
			if v != 1 || err != nil {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
	close(begin)
	wg.Wait()

	broken := errors.New("broken")
	if _, err := Once(t.Context(), r, "b", func(context.Context) (int, error) { return 0, broken }); err != broken {
		t.Errorf("got %v", err)
	}
	if v, err := Once(t.Context(), r, "b", func(context.Context) (int, error) { return 2, nil }); v != 2 || err != nil {
		t.Errorf("after an error: got %d, %v", v, err)
	}
	var p *PanicError
	if _, err := Once(t.Context(), r, "c", func(context.Context) (int, error) { panic("no") }); !errors.As(err, &p) {
		t.Errorf("got %v, want a PanicError", err)
	}

	// Who waits can give up.
	inside, done := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = Once(t.Context(), r, "d", func(context.Context) (int, error) { close(inside); <-done; return 0, nil })
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Once(ctx, r, "d", func(context.Context) (int, error) { t.Error("made twice"); return 0, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(done)

	// Who waits for one that was stopped makes the value.
	mine, stop := context.WithCancel(t.Context())
	inside = make(chan struct{})
	go func() {
		_, _ = Once(mine, r, "e", func(ctx context.Context) (int, error) { close(inside); <-ctx.Done(); return 0, ctx.Err() })
	}()
	<-inside
	waited := make(chan error)
	go func() {
		v, err := Once(t.Context(), r, "e", func(context.Context) (int, error) { return 5, nil })
		if v != 5 {
			t.Errorf("got %d", v)
		}
		waited <- err
	}()
	stop()
	if err := <-waited; err != nil {
		t.Errorf("who waited got %v", err)
	}

	if err := r.End(); err != nil {
		t.Error(err)
	}
	if v, err := Once(t.Context(), r, "a", func(context.Context) (int64, error) { return 9, nil }); v != 9 || err != nil {
		t.Errorf("End has not forgotten: %d, %v", v, err)
	}
}

// What is put stays until it is taken or the run ends, and is heard of.
func TestValues(t *testing.T) {
	var heard []string
	r := Begin(t.Context(), Options{})
	r.Listen(nil, func(key string, v any) { heard = append(heard, key+"="+v.(string)) })
	r.Put("box/a", "1")
	r.Put("box/a", "2")
	r.Put("box/b", "3")
	r.Put("other/c", "4")
	if v, ok := r.Get("box/a"); v != "2" || !ok {
		t.Errorf("got %v, %v", v, ok)
	}
	if v, ok := r.Take("box/a"); v != "2" || !ok {
		t.Errorf("took %v, %v", v, ok)
	}
	if v, ok := r.Take("box/a"); ok {
		t.Errorf("took %v twice", v)
	}
	r.Drop("box/")
	if _, ok := r.Get("box/b"); ok {
		t.Error("what was dropped is there")
	}
	if _, ok := r.Get("other/c"); !ok {
		t.Error("another box was dropped")
	}
	_ = r.End()
	if _, ok := r.Get("other/c"); ok {
		t.Error("End has not forgotten")
	}
	if len(heard) != 4 || heard[1] != "box/a=2" {
		t.Errorf("heard %v", heard)
	}
}

// A worker remembers the runs that it works for, and forgets those it has not heard of for long.
func TestForeignRuns(t *testing.T) {
	a := Of(Ref{ID: "elsewhere-1", Workers: 3})
	if cap(a.slots) != 3 || a.local {
		t.Errorf("%d workers, local %v", cap(a.slots), a.local)
	}
	b := Of(Ref{ID: "elsewhere-2"})
	if Of(a.Ref()) != a || Of(b.Ref()) != b {
		t.Error("a run that is in use was forgotten")
	}
	for i := range mostForeign {
		Of(Ref{ID: fmt.Sprint("elsewhere-later-", i)})
	}
	if Of(a.Ref()) == a {
		t.Error("a run of long ago is remembered")
	}
}

// Values that are made together are made once each, whoever else asks for some of them, in whatever order.
func TestOnceEach(t *testing.T) {
	r := Begin(t.Context(), Options{})
	defer r.End()
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		keys := []string{"a", "b", "c", "d"}[i%3:]
		if i%2 == 1 {
			slices.Reverse(keys)
		}
		wg.Go(func() {
			values, err := OnceEach(t.Context(), r, keys, func(_ context.Context, mine []int) (values []string, err error) {
				for _, i := range mine {
					made.Add(1)
					values = append(values, keys[i]+"!")
				}
				return values, nil
			})
			for i, key := range keys {
				if err != nil || values[i] != key+"!" {
					t.Errorf("%v, %v", values, err)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != 4 {
		t.Errorf("%d values were made", made.Load())
	}

	// Who fails waits for nobody.
	busy, done := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = Once(t.Context(), r, "slow", func(context.Context) (int, error) { close(busy); <-done; return 0, nil })
	}()
	<-busy
	broken := errors.New("broken")
	if _, err := OnceEach(t.Context(), r, []string{"slow", "v"}, func(context.Context, []int) ([]int, error) { return nil, broken }); err != broken {
		t.Errorf("got %v", err)
	}
	close(done)

	// Who waits for some that were stopped makes those.
	mine, stop := context.WithCancel(t.Context())
	inside := make(chan struct{})
	go func() {
		_, _ = OnceEach(mine, r, []string{"x", "y"}, func(ctx context.Context, _ []int) ([]int, error) {
			close(inside)
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}()
	<-inside
	calls := 0
	values, err := OnceEach(t.Context(), r, []string{"w", "y"}, func(_ context.Context, mine []int) ([]int, error) {
		stop()
		calls++
		if !slices.Equal(mine, []int{calls - 1}) {
			t.Errorf("call %d is to make %v", calls, mine)
		}
		return []int{calls}, nil
	})
	if err != nil || !slices.Equal(values, []int{1, 2}) {
		t.Errorf("%v, %v", values, err)
	}
}
