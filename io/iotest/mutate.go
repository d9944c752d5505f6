package iotest

import (
	"errors"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var mutateCases = []testCase{
	{"create, insert, read, delete, drop", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		schema := columns("model_id", table.Int32Type, "arch", table.JSONType, "w", table.BytesType, "n", table.NumericType)
		row := func(id int) []any { return []any{int32(id), `{"a":1}`, []byte{0, byte(id)}, "1.50"} }
		mutate := func(fn func(tx table.Tx) error) {
			t.Helper()
			if err := s.Mutate(testContext(t), named("arch"), fn); err != nil {
				t.Fatal(err)
			}
		}
		mutate(func(tx table.Tx) error {
			if tx.Schema() != nil {
				t.Errorf("schema %v of a table that is not there", tx.Schema())
			}
			return nil
		})
		wantAbsent(t, other, named("arch"))
		mutate(func(tx table.Tx) error {
			if err := tx.Create(schema); err != nil {
				return err
			}
			wantSchema(t, tx.Schema(), schema)
			if err := tx.Create(schema); !errors.Is(err, table.ErrExist) {
				t.Errorf("create again: %v, want ErrExist", err)
			}
			return tx.Insert(batch(t, schema, row(1), row(2), row(2)))
		})
		wantTable(t, other, named("arch"), rowsOf(batch(t, schema, row(1), row(2), row(2))))
		mutate(func(tx table.Tx) error {
			wantSchema(t, tx.Schema(), schema)
			if err := tx.Insert(batch(t, schema, row(3))); err != nil {
				return err
			}
			for _, del := range []struct{ id, count int64 }{{2, 2}, {2, 0}, {77, 0}, {1 << 40, 0}} {
				if n, err := tx.Delete("model_id", del.id); err != nil || n != del.count {
					t.Errorf("delete %d: %d, %v", del.id, n, err)
				}
			}
			b, err := tx.Rows(nil)
			if err != nil {
				return err
			}
			wantRows(t, rowsOf(b), rowsOf(batch(t, schema, row(1), row(3))))
			b, err = tx.Rows([]string{"w", "model_id"})
			if err != nil {
				return err
			}
			wantRows(t, rowsOf(b), [][]any{{[]byte{0, 1}, int32(1)}, {[]byte{0, 3}, int32(3)}})
			return nil
		})
		wantTable(t, other, named("arch"), rowsOf(batch(t, schema, row(1), row(3))))
		mutate(func(tx table.Tx) error {
			if err := tx.Drop(); err != nil {
				return err
			}
			if tx.Schema() != nil {
				t.Error("a dropped table has a schema")
			}
			if err := tx.Create(idSchema); err != nil {
				return err
			}
			return tx.Insert(batch(t, idSchema, ints(0, 3)...))
		})
		wantTable(t, other, named("arch"), ints(0, 3))
		mutate(table.Tx.Drop)
		wantAbsent(t, other, named("arch"))
		site.wantNoStaging(t)
	}},
	{"an error changes nothing", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 5)...)
		boom := errors.New("boom")
		for name, fn := range map[string]func(tx table.Tx) error{
			"insert and delete": func(tx table.Tx) error {
				if err := tx.Insert(batch(t, idSchema, ints(5, 9)...)); err != nil {
					return err
				}
				_, err := tx.Delete("id", 1)
				return err
			},
			"drop": table.Tx.Drop,
			"drop and create": func(tx table.Tx) error {
				if err := tx.Drop(); err != nil {
					return err
				}
				return tx.Create(columns("x", table.TextType))
			},
		} {
			err := s.Mutate(testContext(t), named("t"), func(tx table.Tx) error {
				if err := fn(tx); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return boom
			})
			if !errors.Is(err, boom) {
				t.Errorf("%s: got error %v", name, err)
			}
			wantTable(t, s, named("t"), ints(0, 5))
		}
		err := s.Mutate(testContext(t), named("new"), func(tx table.Tx) error {
			if err := tx.Create(idSchema); err != nil {
				t.Error(err)
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("got error %v", err)
		}
		wantAbsent(t, s, named("new"))
		site.wantNoStaging(t)
	}},
	{"a panic changes nothing and holds no lock", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 5)...)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.Mutate(testContext(t), named("t"), func(tx table.Tx) error {
				if err := tx.Insert(batch(t, idSchema, ints(5, 9)...)); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()
		if err := s.Mutate(testContext(t), named("t"), func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(5, 6)...)) }); err != nil {
			t.Fatal(err)
		}
		wantSet(t, s, named("t"), ints(0, 6))
	}},
	{"wrong use", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), columns("id", table.Int64Type, "s", table.TextType), []any{int64(1), "a"})
		wrong := func(name string, fn func(tx table.Tx) error, target error) {
			t.Helper()
			// fn's own errors must not be needed to keep the table whole.
			err := s.Mutate(testContext(t), named(name), func(tx table.Tx) error {
				if err := fn(tx); err == nil || target != nil && !errors.Is(err, target) {
					t.Errorf("got error %v, want %v", err, target)
				}
				return nil
			})
			if err != nil {
				t.Errorf("mutate: %v", err)
			}
		}
		wrong("t", func(tx table.Tx) error { _, err := tx.Delete("nothing", 1); return err }, table.ErrNotExist)
		wrong("t", func(tx table.Tx) error { _, err := tx.Delete("s", 1); return err }, nil)
		wrong("t", func(tx table.Tx) error { _, err := tx.Rows([]string{"nothing"}); return err }, table.ErrNotExist)
		wrong("t", func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(0, 1)...)) }, nil)
		wrong("none", func(tx table.Tx) error { _, err := tx.Delete("id", 1); return err }, table.ErrNotExist)
		wrong("none", func(tx table.Tx) error { _, err := tx.Rows(nil); return err }, table.ErrNotExist)
		wrong("none", func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(0, 1)...)) }, table.ErrNotExist)
		wrong("none", table.Tx.Drop, table.ErrNotExist)
		wrong("none", func(tx table.Tx) error { return tx.Create(nil) }, nil)
		wantTable(t, s, named("t"), [][]any{{int64(1), "a"}})
		wantAbsent(t, s, named("none"))
	}},
	{"one after the other", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				st := s
				if w%2 == 1 {
					st = other
				}
				for range 5 {
					err := st.Mutate(testContext(t), named("counter"), func(tx table.Tx) error {
						if tx.Schema() == nil {
							if err := tx.Create(idSchema); err != nil {
								return err
							}
						}
						b, err := tx.Rows([]string{"id"})
						if err != nil {
							return err
						}
						return tx.Insert(batch(t, idSchema, ints(b.Rows, b.Rows+1)...))
					})
					if err != nil {
						t.Errorf("worker %d: %v", w, err)
					}
				}
			})
		}
		wg.Wait()
		wantSet(t, s, named("counter"), ints(0, 20))
	}},
}
