package outcomes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/infer"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// A Column is a column of a table.
type Column struct {
	Table table.Name
	Name  string
}

// Read reads the outcomes of a table that predict has written. Of several dependent variables it takes the one that has the name of the truth's
// column.
func Read(ctx context.Context, store table.Store, predictions table.Name, truth Column) (*All, error) {
	p, err := openPredictions(ctx, store, predictions)
	if err != nil {
		return nil, err
	}
	defer p.snap.Close()
	t, err := readTruth(ctx, store, truth, p.id)
	if err != nil {
		return nil, err
	}
	variable, err := p.variable(ctx, truth.Name)
	if err != nil {
		return nil, err
	}
	return p.compare(ctx, variable, t)
}

// eachRow calls fn with every row of some columns, whose number is counted from 0.
func eachRow(ctx context.Context, store table.Store, snap table.Snapshot, columns []string, fn func(b *table.Batch, i int, row int64) error) error {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return err
	}
	for _, part := range parts {
		row := part.FirstRow
		err := table.EachBatch(ctx, store, part, table.ReadOptions{Columns: columns}, func(b *table.Batch) error {
			for i := range b.Rows {
				if err := fn(b, i, row); err != nil {
					return err
				}
				row++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A truthTable are the rows that predictions are compared with.
type truthTable struct {
	Column
	kind    table.Type // of the column
	byID    map[string]int
	classes []string // of each row, the key of its class
	known   classes.Set
}

// readTruth reads the classes of rows and their ids; an id column of row numbers that the table has not counts them.
func readTruth(ctx context.Context, store table.Store, of Column, id table.Column) (*truthTable, error) {
	snap, err := store.Snapshot(ctx, of.Table)
	if err != nil {
		return nil, fmt.Errorf("truth table: %w", err)
	}
	defer snap.Close()
	schema := snap.Info().Schema
	columns := []string{of.Name}
	counted := id == infer.RowNumber && schema.Index(id.Name) < 0
	if !counted {
		columns = append(columns, id.Name)
	}
	for _, c := range columns {
		if schema.Index(c) < 0 {
			return nil, fmt.Errorf("truth table: %w", &table.ColumnError{Table: of.Table, Column: c, Columns: schema.Names()})
		}
	}
	t := &truthTable{Column: of, kind: schema[schema.Index(of.Name)].Type, byID: map[string]int{}, known: classes.Set{}}
	if t.kind.Array {
		return nil, fmt.Errorf("truth table: %w", &table.TableError{Table: of.Table, Err: fmt.Errorf("column %q has type %s; the class of a row is one value", of.Name, t.kind)})
	}
	if !counted {
		if kind := schema[schema.Index(id.Name)].Type; !classes.Comparable(kind, id.Type) || kind.Array {
			return nil, fmt.Errorf("truth table: %w", &table.TableError{
				Table: of.Table, Err: fmt.Errorf("column %q has type %s, which is not compared with the %s of the predictions", id.Name, kind, id.Type),
			})
		}
	}
	var key []byte
	err = eachRow(ctx, store, snap, columns, func(b *table.Batch, i int, row int64) error {
		v := b.Col(of.Name)
		t.known.Add(v, i, row, nil)
		key = sqlkey.Append(key[:0], v, i)
		t.classes = append(t.classes, string(key))
		if counted {
			return nil
		}
		idKey, err := keyOf(of.Table, b, id.Name, i, row)
		if err != nil {
			return err
		}
		if _, twice := t.byID[idKey]; twice {
			return &table.ValueError{Table: of.Table, Column: id.Name, Row: row + 1, Err: fmt.Errorf("the id %s is there twice", b.Col(id.Name).ElemText(i))}
		}
		t.byID[idKey] = int(row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("truth table: %w", err)
	}
	if counted {
		t.byID = nil
	}
	return t, nil
}

// keyOf is the key of an id.
func keyOf(name table.Name, b *table.Batch, column string, i int, row int64) (string, error) {
	v := b.Col(column)
	if v.IsNull(i) {
		return "", &table.ValueError{Table: name, Column: column, Row: row + 1, Err: errors.New("the id is NULL, so that the row cannot be found")}
	}
	return string(sqlkey.Append(nil, v, i)), nil
}

// predictions are a table that predict has written.
type predictions struct {
	store  table.Store
	snap   table.Snapshot
	id     table.Column
	ranked bool
}

// openPredictions checks that a table is one of predictions.
func openPredictions(ctx context.Context, store table.Store, name table.Name) (*predictions, error) {
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("predictions: %w", err)
	}
	p := &predictions{store: store, snap: snap}
	schema := snap.Info().Schema
	for _, want := range []struct {
		column, kind string
		is           func(table.Type) bool
	}{{"class_name", "text", table.Type.IsText}, {"class_value", "text", table.Type.IsText}, {"prob", "double precision", table.Type.IsNumber}} {
		i := schema.Index(want.column)
		switch {
		case i < 0:
			err = fmt.Errorf("%w; predict writes it", &table.ColumnError{Table: name, Column: want.column, Columns: schema.Names()})
		case !want.is(schema[i].Type):
			err = &table.TableError{Table: name, Err: fmt.Errorf("column %q has type %s; predict writes %s", want.column, schema[i].Type, want.kind)}
		case i == 0:
			err = &table.TableError{Table: name, Err: fmt.Errorf("the first column is %q; predict writes the id there", want.column)}
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("predictions: %w", err), snap.Close())
		}
	}
	p.id, p.ranked = schema[0], schema[1:].Index("rank") >= 0 // the id may be called so
	return p, nil
}

func (p *predictions) fail(err error) error {
	return fmt.Errorf("predictions: %w", &table.TableError{Table: p.snap.Info().Name, Err: err})
}

// variable is the dependent variable to look at.
func (p *predictions) variable(ctx context.Context, wanted string) (string, error) {
	var names []string
	err := eachRow(ctx, p.store, p.snap, []string{"class_name"}, func(b *table.Batch, i int, row int64) error {
		if name := b.Cols[0].ElemText(i); !slices.Contains(names, name) {
			names = append(names, name)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", p.fail(errors.New("has no rows"))
	case slices.Contains(names, wanted):
		return wanted, nil
	case len(names) > 1:
		return "", p.fail(fmt.Errorf("has predictions for several variables, %q; the column of the truth must have the name of one of them, found %q", names, wanted))
	}
	return names[0], nil
}

// guesses are what is predicted, by rows in the order of the predictions.
type guesses struct {
	byID map[string]int32
	row  []int32 // of the truth
	best []int32 // class, by its place in order
	rank []int64 // of the best
	// order are the keys of the classes that are predicted, in the order in which they come, and probs per class the probability of each row, NaN
	// where there is none.
	order []string
	index map[string]int32
	probs [][]float32
}

// rowOf is the place of an id; a new one is that of row at of the truth.
func (g *guesses) rowOf(id string, at func() (int, error)) (int32, error) {
	i, ok := g.byID[id]
	if ok {
		return i, nil
	}
	row, err := at()
	if err != nil {
		return 0, err
	}
	i = int32(len(g.row))
	g.byID[id] = i
	g.row, g.best, g.rank = append(g.row, int32(row)), append(g.best, 0), append(g.rank, math.MaxInt64)
	return i, nil
}

// add takes a class of a row; ok is false where it is there already, or another of its rank. NULL may be there several times, as padding has it: of these the
// most probable counts.
func (g *guesses) add(row int32, class string, null bool, prob float32, rank int64) (ok bool) {
	k, known := g.index[class]
	if !known {
		k = int32(len(g.order))
		g.index[class], g.order, g.probs = k, append(g.order, class), append(g.probs, nil)
	}
	for len(g.probs[k]) <= int(row) {
		g.probs[k] = append(g.probs[k], nan)
	}
	before := g.probs[k][row]
	there := before == before
	if there && !null || rank == g.rank[row] {
		return false
	}
	if !there || prob > before {
		g.probs[k][row] = prob
	}
	if rank < g.rank[row] {
		g.rank[row], g.best[row] = rank, k
	}
	return true
}

var nan = float32(math.NaN())

// compare reads the predictions for a variable.
func (p *predictions) compare(ctx context.Context, variable string, t *truthTable) (*All, error) {
	name := p.snap.Info().Name
	columns := []string{p.id.Name, "class_name", "class_value", "prob"}
	if p.ranked {
		columns = append(columns, "rank")
	}
	keys := map[string]string{} // of class values, by text
	g := &guesses{byID: map[string]int32{}, index: map[string]int32{}}
	err := eachRow(ctx, p.store, p.snap, columns, func(b *table.Batch, i int, row int64) error {
		if b.Col("class_name").ElemText(i) != variable {
			return nil
		}
		at := func(column string, err error) error {
			return &table.ValueError{Table: name, Column: column, Row: row + 1, Err: err}
		}
		id, err := keyOf(name, b, p.id.Name, i, row)
		if err != nil {
			return err
		}
		guess, err := g.rowOf(id, func() (int, error) { return t.find(b.Col(p.id.Name), i, id) })
		if err != nil {
			return at(p.id.Name, err)
		}
		class, err := t.class(b.Col("class_value"), i, keys)
		if err != nil {
			return at("class_value", err)
		}
		if b.Col("prob").IsNull(i) {
			return at("prob", fmt.Errorf("is NULL: the predictions for %q are numbers and no classes", variable))
		}
		prob, err := b.Col("prob").Real(i)
		if err != nil {
			return at("prob", err)
		}
		rank := int64(1)
		if p.ranked {
			if rank, err = b.Col("rank").Int(i); err != nil {
				return at("rank", err)
			}
		}
		if !g.add(guess, class, b.Col("class_value").IsNull(i), float32(prob), rank) {
			return at(p.id.Name, fmt.Errorf("the id %s is there more than once", b.Col(p.id.Name).ElemText(i)))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("predictions: %w", err)
	}
	return t.outcomes(variable, g), nil
}

// find is the row of an id.
func (t *truthTable) find(v *table.Vector, i int, key string) (int, error) {
	if t.byID == nil {
		n, err := v.Int(i)
		if err != nil {
			return 0, err
		}
		if n < 1 || n > int64(len(t.classes)) {
			return 0, fmt.Errorf("row %d is not in table %s, which has %d", n, t.Table, len(t.classes))
		}
		return int(n - 1), nil
	}
	at, ok := t.byID[key]
	if !ok {
		return 0, fmt.Errorf("the id %s is not in table %s", v.ElemText(i), t.Table)
	}
	return at, nil
}

// class is the key of a predicted class, which becomes one of those known.
func (t *truthTable) class(v *table.Vector, i int, keys map[string]string) (string, error) {
	var text *string
	spelled := "NULL"
	if !v.IsNull(i) {
		s := v.ElemText(i)
		text, spelled = &s, "="+s
	}
	if key, ok := keys[spelled]; ok {
		return key, nil
	}
	list, err := classes.Parse(t.kind, []*string{text})
	if err != nil {
		return "", fmt.Errorf("the class %s is no value of column %q of table %s, which has type %s: %w", spelled[1:], t.Name, t.Table, t.kind, err)
	}
	key := string(list[0].Key)
	if _, ok := t.known[key]; !ok {
		list[0].Row = 0
		t.known[key] = list[0]
	}
	keys[spelled] = key
	return key, nil
}

// outcomes puts the predictions beside the truth. A NULL that no row is and none is predicted to be is padding, and no class.
func (t *truthTable) outcomes(variable string, g *guesses) *All {
	o := &All{Variable: variable, Unpredicted: int64(len(t.classes) - len(g.row))}
	index := map[string]int32{}
	used := map[string]bool{}
	for _, class := range t.classes {
		used[class] = true
	}
	for _, k := range g.best {
		used[g.order[k]] = true
	}
	for _, c := range t.known.Sorted(t.kind) {
		text := c.Text
		if c.Null {
			if !used[string(c.Key)] {
				continue
			}
			text = "NULL"
		}
		index[string(c.Key)] = int32(len(o.Classes))
		o.Classes = append(o.Classes, text)
	}
	o.probs = make([][]float32, len(o.Classes))
	for k, class := range g.order {
		if _, ok := index[class]; !ok {
			continue
		}
		probs := g.probs[k]
		for len(probs) < len(g.row) {
			probs = append(probs, nan)
		}
		o.probs[index[class]] = probs
	}
	for i, row := range g.row {
		o.truth = append(o.truth, index[t.classes[row]])
		o.predicted = append(o.predicted, index[g.order[g.best[i]]])
	}
	return o
}
