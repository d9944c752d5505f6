package pack

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"reflect"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

func init() {
	beam.RegisterType(reflect.TypeFor[table.Partition]())
	beam.RegisterCoder(reflect.TypeFor[found](), encodeFound, decodeFound)
	beam.RegisterType(reflect.TypeFor[distinctFn]())
	beam.RegisterType(reflect.TypeFor[keepFn]())
	beam.RegisterType(reflect.TypeFor[unionFn]())
}

// ReadingLabels is the stage of Distinct in progress reports; its unit is "rows".
const ReadingLabels = "reading labels"

// Distinct is what the stage of the same name finds. Share it with the run (bundle.Share) as a *Distinct.
type Distinct struct {
	// Ref addresses the store, Columns are the columns to look at.
	Ref     string
	Columns []table.Column
	// Classes has, when the run has ended, the distinct values of each column in MADlib's order.
	Classes []Classes
}

// FindDistinct adds the stage that finds the distinct values of columns, NULL included, with their first rows. More than
// MaxClasses values of one column are an error.
//
//	PCollection<table.Partition> -> nothing; the *Distinct of the run gets the result
func FindDistinct(s beam.Scope, run string, partitions beam.PCollection) {
	s = s.Scope("pack.FindDistinct")
	sets := beam.ParDo(s, &distinctFn{Run: run}, partitions)
	beam.ParDo0(s, &keepFn{Run: run}, beam.Combine(s, &unionFn{}, sets))
}

// found are the distinct values of some rows: per column, by key.
type found struct{ Columns []map[string]Class }

func encodeFound(f found) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(f)
	return b.Bytes(), err
}

func decodeFound(b []byte) (f found, err error) {
	return f, gob.NewDecoder(bytes.NewReader(b)).Decode(&f)
}

// distinctFn finds the distinct values of a partition.
type distinctFn struct {
	Run   string
	tasks bundle.Tasks[found]
}

func (f *distinctFn) StartBundle(context.Context, func(found)) { f.tasks.Start(f.Run) }

func (f *distinctFn) ProcessElement(ctx context.Context, p table.Partition, _ func(found)) error {
	return f.tasks.Go(ctx, func(ctx context.Context) (found, error) {
		d, err := bundle.Shared[*Distinct](f.Run)
		if err != nil {
			return found{}, err
		}
		return d.read(ctx, p, func(n int64) { bundle.Of(f.Run).Advance(ReadingLabels, "rows", n) })
	})
}

func (f *distinctFn) FinishBundle(_ context.Context, emit func(found)) error {
	return f.tasks.Finish(emit)
}

// read finds the distinct values of a partition.
func (d *Distinct) read(ctx context.Context, p table.Partition, advance func(n int64)) (found, error) {
	var out found
	names := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		names[i] = c.Name
		out.Columns = append(out.Columns, map[string]Class{})
	}
	store, err := table.Connect(ctx, d.Ref)
	if err != nil {
		return out, err
	}
	row := p.FirstRow
	var key []byte
	err = table.EachBatch(ctx, store, p, table.ReadOptions{Columns: names}, func(b *table.Batch) error {
		for k := range b.Cols {
			seen := out.Columns[k]
			for i := range b.Rows {
				key = sqlkey.Append(key[:0], &b.Cols[k], i)
				known, ok := seen[string(key)]
				if ok && !rewritten(&b.Cols[k], i, known) {
					continue
				}
				c := classAt(&b.Cols[k], i)
				c.Row, c.Text = row+int64(i), strings.Clone(c.Text)
				if ok {
					c = c.merge(known)
				}
				seen[string(key)] = c
			}
			if err := checkCount(names[k], len(seen)); err != nil {
				return &table.TableError{Table: p.Table, Err: err}
			}
		}
		row += int64(b.Rows)
		advance(int64(b.Rows))
		return nil
	})
	return out, err
}

// rewritten reports that row i of v is written differently than a value that equals it: 1.0 and 1.00, 0 and -0.
func rewritten(v *table.Vector, i int, known Class) bool {
	switch v.Type.Kind {
	case table.Numeric:
		return v.Strings[i] != known.Text
	case table.Float32:
		return v.Float32s[i] == 0 && !known.Null
	case table.Float64:
		return v.Float64s[i] == 0 && !known.Null
	}
	return false
}

// merge is the class of two equal values: the shorter text, and the first row.
func (c Class) merge(d Class) Class {
	if len(d.Text) < len(c.Text) || len(d.Text) == len(c.Text) && d.Text < c.Text {
		c.Text = d.Text
	}
	c.Row = min(c.Row, d.Row)
	return c
}

func checkCount(column string, n int) error {
	if n > MaxClasses {
		return fmt.Errorf("column %q has more than %d distinct values; a dependent variable is either few classes or an array of numbers", column, MaxClasses)
	}
	return nil
}

// unionFn joins what partitions found.
type unionFn struct{}

func (*unionFn) MergeAccumulators(a, b found) (found, error) {
	for k, from := range b.Columns {
		into := a.Columns[k]
		for key, c := range from {
			if known, ok := into[key]; ok {
				c = c.merge(known)
			}
			into[key] = c
		}
	}
	return a, nil
}

// keepFn gives the result to whoever started the run.
type keepFn struct{ Run string }

func (f *keepFn) ProcessElement(_ context.Context, all found) error {
	d, err := bundle.Shared[*Distinct](f.Run)
	if err != nil {
		return err
	}
	d.Classes = make([]Classes, len(d.Columns))
	for k, set := range all.Columns {
		if err := checkCount(d.Columns[k].Name, len(set)); err != nil {
			return bundle.Of(f.Run).Fail(err)
		}
		for _, c := range set {
			d.Classes[k] = append(d.Classes[k], c)
		}
		sortClasses(d.Columns[k].Type, d.Classes[k])
	}
	return nil
}
