package iotest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// within runs fn, whose context is cancelled after it has begun, and requires context.Canceled soon.
func within(t *testing.T, what string, begun <-chan struct{}, fn func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	<-begun
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got error %v, want context.Canceled", what, err)
		}
	case <-time.After(deadline):
		t.Fatalf("%s does not stop", what)
	}
}

// already is a channel that is closed.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

var cancelCases = []testCase{
	{"every call", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 100)...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		out := create(t, s, spec("u"))
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		for name, fn := range map[string]func() error{
			"lookup":     func() error { _, err := s.Lookup(ended, named("t")); return err },
			"list":       func() error { _, err := s.List(ended); return err },
			"snapshot":   func() error { _, err := s.Snapshot(ended, named("t")); return err },
			"partitions": func() error { _, err := snap.Partitions(ended, 3); return err },
			"read":       func() error { _, _, err := readPartition(ended, s, parts[0], table.ReadOptions{}); return err },
			"create": func() error {
				_, err := s.Create(ended, table.CreateOptions{Tables: []table.TableSpec{spec("v")}})
				return err
			},
			"append": func() error {
				return writePart(ended, s, table.Part{Output: out.ID(), Key: "k"}, batch(t, idSchema, ints(0, 1)...))
			},
			"commit": func() error { return out.Commit(ended) },
			"mutate": func() error { return s.Mutate(ended, named("t"), func(table.Tx) error { return nil }) },
		} {
			if err := fn(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got error %v, want context.Canceled", name, err)
			}
		}
		_ = snap.Close()
		// The output is still whole: nothing had begun.
		if err := out.Abort(testContext(t)); err != nil {
			t.Error(err)
		}
		wantList(t, s, "t")
		wantTable(t, s, named("t"), ints(0, 100))
		site.wantNoStaging(t)
	}},
	{"a reader", func(t *testing.T, site Site) {
		s := site.open(t)
		schema, rows := wide(4000)
		write(t, s, named("t"), schema, rows...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		begun := make(chan struct{})
		within(t, "read", begun, func(ctx context.Context) error {
			r, err := s.Read(ctx, parts[0], table.ReadOptions{BatchRows: 10})
			if err != nil {
				return err
			}
			if _, err := r.Next(ctx); err != nil {
				return err
			}
			close(begun)
			for {
				if _, err := r.Next(ctx); errors.Is(err, io.EOF) {
					// It may have been faster than the cancellation, once.
					<-ctx.Done()
					return errors.Join(ctx.Err(), r.Close())
				} else if err != nil {
					_ = r.Close()
					return err
				}
			}
		})
		wantTable(t, s, named("t"), rowsOf(batch(t, schema, rows...)))
	}},
	{"a writer", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		part := table.Part{Output: out.ID(), Key: "k"}
		begun := make(chan struct{})
		within(t, "write", begun, func(ctx context.Context) error {
			w, err := s.Append(ctx, part)
			if err != nil {
				return err
			}
			if err := w.Write(ctx, batch(t, idSchema, ints(0, 1000)...)); err != nil {
				return err
			}
			close(begun)
			<-ctx.Done()
			err = w.Write(ctx, batch(t, idSchema, ints(1000, 2000)...))
			if err == nil {
				t.Error("wrote under a cancelled context")
			}
			if closeErr := w.Close(testContext(t)); closeErr == nil {
				t.Error("a part that failed was closed")
			}
			return errors.Join(err, w.Discard())
		})
		mustPart(t, s, part, batch(t, idSchema, ints(0, 3)...))
		commit(t, out)
		wantSet(t, s, named("t"), ints(0, 3))
	}},
	{"abort after the end", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "k"}, batch(t, idSchema, ints(0, 9)...))
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := out.Abort(ended); err != nil {
			t.Errorf("abort: %v", err)
		}
		wantList(t, s)
		site.wantNoStaging(t)
	}},
	{"waiting for a lock", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 3)...)
		err := s.Mutate(testContext(t), named("t"), func(tx table.Tx) error {
			within(t, "mutate", already(), func(ctx context.Context) error {
				return other.Mutate(ctx, named("t"), func(table.Tx) error {
					t.Error("two hold the lock")
					return nil
				})
			})
			timed, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			if err := other.Mutate(timed, named("t"), func(table.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want context.DeadlineExceeded", err)
			}
			return tx.Insert(batch(t, idSchema, ints(3, 4)...))
		})
		if err != nil {
			t.Fatal(err)
		}
		wantSet(t, other, named("t"), ints(0, 4))
	}},
	{"a mutation", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 3)...)
		begun := make(chan struct{})
		within(t, "mutate", begun, func(ctx context.Context) error {
			return s.Mutate(ctx, named("t"), func(tx table.Tx) error {
				if err := tx.Insert(batch(t, idSchema, ints(3, 9)...)); err != nil {
					return err
				}
				close(begun)
				<-ctx.Done()
				return nil // what fn returns does not matter: the context has ended before the change was made
			})
		})
		wantTable(t, s, named("t"), ints(0, 3))
	}},
}
