package pack

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

func init() {
	beam.RegisterType(reflect.TypeFor[table.Partition]())
	beam.RegisterCoder(reflect.TypeFor[Distinct](), Distinct.MarshalBinary, decodeDistinct)
	collect.Register[Distinct]()
	beam.RegisterType(reflect.TypeFor[distinctFn]())
	beam.RegisterType(reflect.TypeFor[unionFn]())
}

// ReadingLabels is the stage of Distinct in progress reports; its unit is "rows".
const ReadingLabels = "reading labels"

// FindDistinct finds the distinct values of columns of a table, NULL included, with their first rows. More than MaxClasses values
// of one column are an error. ref addresses the store.
//
//	PCollection<table.Partition> -> PCollection<Distinct> of one element
func FindDistinct(s beam.Scope, run bundle.Ref, ref string, columns []table.Column, partitions beam.PCollection) beam.PCollection {
	s = s.Scope("pack.FindDistinct")
	sets := beam.ParDo(s, &distinctFn{Run: run, Ref: ref, Columns: columns}, partitions)
	return beam.Combine(s, &unionFn{}, sets)
}

// Distinct are the distinct values of some rows: per column, by key.
type Distinct struct{ Columns []map[string]Class }

// MarshalBinary writes gob.
func (d Distinct) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(d.Columns)
	return b.Bytes(), err
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (d *Distinct) UnmarshalBinary(b []byte) error {
	return gob.NewDecoder(bytes.NewReader(b)).Decode(&d.Columns)
}

func decodeDistinct(b []byte) (d Distinct, err error) { return d, d.UnmarshalBinary(b) }

// Classes are the values of each column in MADlib's order.
func (d Distinct) Classes(columns []table.Column) ([]Classes, error) {
	all := make([]Classes, len(columns))
	for k, set := range d.Columns {
		if err := checkCount(columns[k].Name, len(set)); err != nil {
			return nil, err
		}
		for _, c := range set {
			all[k] = append(all[k], c)
		}
		sortClasses(columns[k].Type, all[k])
	}
	return all, nil
}

// distinctFn finds the distinct values of a partition.
type distinctFn struct {
	Run     bundle.Ref
	Ref     string
	Columns []table.Column
	tasks   bundle.Tasks[Distinct]
}

func (f *distinctFn) ProcessElement(ctx context.Context, p table.Partition, _ func(Distinct)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Distinct, error) { return f.read(ctx, bundle.Of(f.Run), p) })
}

func (f *distinctFn) FinishBundle(_ context.Context, emit func(Distinct)) error {
	return f.tasks.Finish(emit)
}

// read finds the distinct values of a partition.
func (f *distinctFn) read(ctx context.Context, run *bundle.Run, p table.Partition) (Distinct, error) {
	var out Distinct
	names := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		names[i] = c.Name
		out.Columns = append(out.Columns, map[string]Class{})
	}
	store, err := run.Connect(ctx, f.Ref)
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
		run.Advance(ReadingLabels, "rows", int64(b.Rows))
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

func (*unionFn) MergeAccumulators(a, b Distinct) Distinct {
	out := Distinct{make([]map[string]Class, len(b.Columns))}
	for k, from := range b.Columns {
		into := maps.Clone(a.Columns[k])
		for key, c := range from {
			if known, ok := into[key]; ok {
				c = c.merge(known)
			}
			into[key] = c
		}
		out.Columns[k] = into
	}
	return out
}
