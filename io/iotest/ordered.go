package iotest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var orderedCases = []testCase{
	{"rows in the order of keys", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		schema := columns("id", table.Int64Type, "pad", table.TextType)
		out := create(t, s, table.TableSpec{Name: named("t"), Schema: schema, Ordered: true})
		// As text: "-" < digits < upper case < "_" < lower case, and a shorter key before a longer one that it begins.
		keys := []string{"-", "0", "00", "0001", "0002", "1", "10", "9", "A", "B", "Z", "_", "a", "a-", "a0", "b"}
		var want [][]any
		for i := range keys {
			for j := range 25 {
				want = append(want, []any{int64(i*100 + j), strings.Repeat("x", (i*7+j*977)%6000)})
			}
		}
		order := []int{15, 3, 8, 0, 1, 12, 9, 2, 14, 11, 4, 10, 5, 13, 7, 6}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				st := s
				if w%2 == 1 {
					st = other
				}
				for i := w; i < len(order); i += 4 {
					k := order[i]
					rows := want[k*25 : k*25+25]
					p := table.Part{Output: out.ID(), Key: keys[k]}
					for range 2 {
						if err := writePart(testContext(t), st, p, batch(t, schema, rows[:10]...), batch(t, schema, rows[10:]...)); err != nil {
							t.Errorf("part %q: %v", keys[k], err)
						}
					}
				}
			})
		}
		wg.Wait()
		commit(t, out)
		wantTable(t, other, named("t"), want)
		site.wantNoStaging(t)
		info, err := s.Lookup(testContext(t), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		wantSchema(t, info.Schema, schema)
	}},
	{"columns of every type", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("key", table.TextType, "seq", table.NumericType, "at", table.TimestampType, "a", dateType.ArrayOf())
		row := []any{"k", "1.50", "2024-01-01 00:00:00", []string{"2024-01-01"}}
		write(t, s, named("t"), schema, row, row)
		wantTable(t, s, named("t"), rowsOf(batch(t, schema, row, row)))
	}},
	{"one ordered, one not", func(t *testing.T, site Site) {
		s := site.open(t)
		ordered := spec("t")
		ordered.Ordered = true
		out := create(t, s, spec("u"), ordered)
		for i := 9; i >= 0; i-- {
			for tab := range 2 {
				mustPart(t, s, table.Part{Output: out.ID(), Table: tab, Key: fmt.Sprint(i)}, batch(t, idSchema, ints(i*10, i*10+10)...))
			}
		}
		commit(t, out)
		wantTable(t, s, named("t"), ints(0, 100))
		wantSet(t, s, named("u"), ints(0, 100))
	}},
}
