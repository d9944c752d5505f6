package iotest

import (
	"errors"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var hostile = []string{
	`Mixed Case`, `mixed case`, `semi;colon`, `"quoted"`, `a"b`, `it's`, `dot.ted`, `sl/ash`, `back\slash`, `..`, `.`, `%41`, `$1`, `-- comment`, `/* c */`,
	`Ünïcödé 表 🦜`, `select`, `null`, `tab	and space`, `new
line`, `a:b`, `x.arrow`, `*`, `?`, `CON`, ` lead`, `trail `, `trail.`,
}

var nameCases = []testCase{
	{"tables", func(t *testing.T, site Site) {
		s := site.open(t)
		other := site.open(t)
		for i, n := range hostile {
			write(t, s, named(n), idSchema, []any{int64(i)})
		}
		for i, n := range hostile {
			wantTable(t, other, named(n), [][]any{{int64(i)}})
			info, err := other.Lookup(testContext(t), named(n))
			if err != nil || info.Name.Table != n {
				t.Errorf("lookup of %q: %v, %v", n, info, err)
			}
		}
		want := slices.Clone(hostile)
		slices.Sort(want)
		wantList(t, s, want...)
		wantAbsent(t, s, named("MIXED CASE"))
		for i, n := range hostile {
			err := s.Mutate(testContext(t), named(n), func(tx table.Tx) error {
				if err := tx.Insert(batch(t, idSchema, []any{int64(i + 100)})); err != nil {
					return err
				}
				if k, err := tx.Delete("id", int64(i)); err != nil || k != 1 {
					t.Errorf("delete in %q: %d, %v", n, k, err)
				}
				return nil
			})
			if err != nil {
				t.Errorf("mutate %q: %v", n, err)
			}
			wantTable(t, s, named(n), [][]any{{int64(i + 100)}})
			if err := s.Mutate(testContext(t), named(n), table.Tx.Drop); err != nil {
				t.Errorf("drop %q: %v", n, err)
			}
		}
		wantList(t, s)
	}},
	{"that are no text", func(t *testing.T, site Site) {
		s := site.open(t)
		for name, words := range map[string]string{"a\xff": `the name "a\xff" is not valid UTF-8`, "a\x00b": `the name "a\x00b" holds a zero byte`, "": "the name is empty"} {
			ctx := testContext(t)
			n := table.Name{Table: name}
			_, lookup := s.Lookup(ctx, n)
			_, snapshot := s.Snapshot(ctx, n)
			_, create := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: n, Schema: idSchema}}})
			_, drop := s.Drop(ctx, []table.Name{n}, true)
			mutate := s.Mutate(ctx, n, func(tx table.Tx) error { return tx.Create(idSchema) })
			for call, err := range map[string]error{"lookup": lookup, "snapshot": snapshot, "create": create, "drop": drop, "mutate": mutate} {
				want := (&table.TableError{Table: n, Err: errors.New(words)}).Error()
				if err == nil || err.Error() != want {
					t.Errorf("%s: got error %v, want %s", call, err, want)
				}
			}
		}
		for column, words := range map[string]string{"a\xff": `the column name "a\xff" is not valid UTF-8`, "a\x00b": `the column name "a\x00b" holds a zero byte`} {
			_, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{{Name: named("t"), Schema: columns(column, table.Int64Type)}}})
			if err == nil || err.Error() != "table t: "+words {
				t.Errorf("column %q: got error %v", column, err)
			}
		}
	}},
	{"columns", func(t *testing.T, site Site) {
		s := site.open(t)
		var schema table.Schema
		var row []any
		for i, n := range hostile {
			if i%2 == 0 {
				schema = append(schema, table.Column{Name: n, Type: table.Int64Type})
				row = append(row, int64(i))
			} else {
				schema = append(schema, table.Column{Name: n, Type: table.TextArrayType})
				row = append(row, []string{n})
			}
		}
		roundTrip(t, s, named("t"), schema, row)
		reversed := slices.Clone(hostile)
		slices.Reverse(reversed)
		got, rows := readAll(t, s, named("t"), 1, table.ReadOptions{Columns: reversed})
		if !slices.Equal(got.Names(), reversed) {
			t.Errorf("columns %q, want %q", got.Names(), reversed)
		}
		want := slices.Clone(rowsOf(batch(t, schema, row))[0])
		slices.Reverse(want)
		wantRows(t, rows, [][]any{want})
	}},
}
