package fileio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var errCrash = errors.New("crash")

// crashAfter lets n changes to the disk happen and none after them, as if the process had been killed there.
func crashAfter(s *Store, n int) {
	s.disk.before = func(string, string) error {
		if n--; n < 0 {
			return errCrash
		}
		return nil
	}
}

// die gives back the locks that a killed process loses.
func die(s *Store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.outputs {
		o.alive.release()
	}
	for n := range s.snapshots {
		n.lease.release()
	}
}

// leftovers lists what is in a store's folder besides its tables, the catalogue and lock files.
func leftovers(t *testing.T, s *Store) (left []string) {
	t.Helper()
	c, err := s.loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	keep := map[string]bool{s.control("lock"): true, s.control("catalog.json"): true}
	for _, e := range c.Tables {
		m, _, err := s.disk.loadManifest(s.generation(e), e.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		keep[filepath.Join(s.generation(e), manifestFile)] = true
		for _, p := range m.Parts {
			for _, f := range p.Files {
				keep[filepath.Join(s.generation(e), f.Name)] = true
			}
		}
	}
	err = filepath.Walk(s.root, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		empty := false
		if info.IsDir() && path != s.root && filepath.Dir(path) != s.control() && path != s.control() {
			entries, err := os.ReadDir(path)
			empty = err == nil && len(entries) == 0
		}
		if empty || !info.IsDir() && !keep[path] && !strings.HasPrefix(path, s.control(locksFolder)) {
			left = append(left, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// jobs are changes of a store that must happen whole or not at all. They begin with the tables a and b, each with the row
// 0; done tells which rows a and b have after, nil for a table that is gone.
var jobs = map[string]struct {
	run  func(t *testing.T, s *Store) error
	a, b [][]any
}{
	"output": {
		run: func(t *testing.T, s *Store) error {
			out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec("a", intSchema), spec("b", intSchema)}})
			if err != nil {
				return err
			}
			for i, key := range []string{"k1", "k2", "k1"} {
				if err := writePart(s, table.Part{Output: out.ID(), Table: i / 2, Key: key}, ints(t, i+1, i+2)); err != nil {
					return errors.Join(err, out.Abort(ctx))
				}
			}
			if err := out.Commit(ctx); err != nil {
				return errors.Join(err, out.Abort(ctx))
			}
			return nil
		},
		a: [][]any{{int64(1)}, {int64(2)}}, b: [][]any{{int64(3)}},
	},
	"insert": {
		run: func(t *testing.T, s *Store) error {
			return s.Mutate(ctx, named("a"), func(tx table.Tx) error { return tx.Insert(ints(t, 1, 2)) })
		},
		a: [][]any{{int64(0)}, {int64(1)}}, b: [][]any{{int64(0)}},
	},
	"drop": {
		run: func(t *testing.T, s *Store) error { return s.Mutate(ctx, named("b"), table.Tx.Drop) },
		a:   [][]any{{int64(0)}},
	},
	"drop both": {
		run: func(t *testing.T, s *Store) error {
			_, err := s.Drop(ctx, []table.Name{named("b"), named("a")}, false)
			return err
		},
	},
}

// state reads a and b.
func state(t *testing.T, s *Store) string {
	t.Helper()
	var out []string
	for _, name := range []string{"a", "b"} {
		rows, err := get(s, name, 1, table.ReadOptions{})
		if errors.Is(err, table.ErrNotExist) {
			rows, err = nil, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(rows))
	}
	return strings.Join(out, " ")
}

// TestCrash stops every job before each of its changes to the disk. The next process sees the state before or the one
// after, the same job then succeeds, and nothing is left over.
func TestCrash(t *testing.T) {
	for name, job := range jobs {
		t.Run(name, func(t *testing.T) {
			before, after := "[[0]] [[0]]", fmt.Sprint(job.a)+" "+fmt.Sprint(job.b)
			seen := map[string]int{}
			for n := 0; ; n++ {
				s := tempStore(t)
				put(t, s, "a", ints(t, 0, 1))
				put(t, s, "b", ints(t, 0, 1))
				crashAfter(s, n)
				err := job.run(t, s)
				die(s)
				next := reopen(t, s.root)
				got := state(t, next)
				if got != before && got != after {
					t.Fatalf("after %d changes: %s, want %s or %s", n, got, before, after)
				}
				if err == nil && got != after {
					t.Fatalf("after %d changes: no error, but %s", n, got)
				}
				seen[got]++
				if got == before {
					if err := job.run(t, next); err != nil {
						t.Fatalf("after %d changes, once more: %v", n, err)
					}
					if got := state(t, next); got != after {
						t.Fatalf("after %d changes, once more: %s", n, got)
					}
				}
				put(t, next, "c", ints(t, 0, 1)) // makes next sweep
				if left := leftovers(t, next); len(left) > 0 {
					t.Fatalf("after %d changes there is left over: %q", n, left)
				}
				if err == nil && n > 0 && !crashed(s) {
					break
				}
			}
			if seen[before] < 3 || seen[after] < 2 {
				t.Errorf("states seen: %v", seen)
			}
		})
	}
}

// crashed reports whether the store has stopped making changes.
func crashed(s *Store) bool { return s.disk.may("", "") != nil }

// TestFailures lets each change to the disk fail once, with the disk full or no permission; the process lives on. The job
// fails with a named error that has the path, or succeeds where the change was only a cleanup; nothing is half done.
func TestFailures(t *testing.T) {
	for name, job := range jobs {
		for _, cause := range []struct{ errno, want error }{{syscall.ENOSPC, table.ErrFull}, {syscall.EACCES, table.ErrPermission}} {
			t.Run(fmt.Sprint(name, " ", cause.want), func(t *testing.T) {
				before, after := "[[0]] [[0]]", fmt.Sprint(job.a)+" "+fmt.Sprint(job.b)
				for n := 0; ; n++ {
					s := tempStore(t)
					put(t, s, "a", ints(t, 0, 1))
					put(t, s, "b", ints(t, 0, 1))
					count := 0
					s.disk.before = func(op, path string) error {
						if count++; count == n+1 {
							return fmt.Errorf("%w: %w", cause.want, &os.PathError{Op: op, Path: path, Err: cause.errno})
						}
						return nil
					}
					err := job.run(t, s)
					switch got := state(t, s); {
					case err != nil && (!errors.Is(err, cause.want) || !strings.Contains(err.Error(), s.root)):
						t.Fatalf("change %d fails: error %v", n, err)
					case err == nil && got != after, got != before && got != after:
						t.Fatalf("change %d fails: error %v and %s", n, err, got)
					}
					last := count <= n
					if err := s.Close(); err != nil {
						t.Fatalf("change %d fails: close: %v", n, err)
					}
					next := reopen(t, s.root)
					put(t, next, "c", ints(t, 0, 1))
					if left := leftovers(t, next); len(left) > 0 {
						t.Fatalf("change %d fails: there is left over: %q", n, left)
					}
					if last {
						break
					}
				}
			})
		}
	}
}
