package fileio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// lockTables waits for the locks that Mutate and Commit take on tables, in an order that is the same for everybody.
func (s *Store) lockTables(ctx context.Context, names ...table.Name) (release func(), err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := s.makeFolders(privateMode); err != nil {
		return nil, err
	}
	folders := make([]string, len(names))
	for i, n := range names {
		folders[i] = folderOf(n)
	}
	sort.Strings(folders)
	var locks []*lock
	release = func() {
		for _, l := range locks {
			l.release()
		}
	}
	for _, f := range folders {
		l, err := s.disk.take(ctx, s.control(locksFolder, f), true)
		if err != nil {
			release()
			return nil, err
		}
		locks = append(locks, l)
	}
	return release, nil
}

// Mutate reads the whole table, lets fn change it in memory, and puts the result in its place.
func (s *Store) Mutate(ctx context.Context, name table.Name, fn func(table.Tx) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	release, err := s.lockTables(ctx, name)
	if err != nil {
		return about(name, err)
	}
	defer release()
	t := &tx{ctx: ctx, store: s, name: name}
	if err := t.load(); err != nil {
		return about(name, err)
	}
	if err := fn(t); err != nil {
		return err
	}
	if !t.changed {
		return ctx.Err()
	}
	if t.schema == nil {
		_, err = s.drop(ctx, []table.Name{name}, true)
	} else {
		err = t.save()
	}
	return about(name, err)
}

// Drop removes tables in one change of the catalogue.
func (s *Store) Drop(ctx context.Context, names []table.Name, ifExists bool) ([]table.Name, error) {
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if !s.disk.exists(s.control()) { // and is not made for this
		if ifExists {
			return nil, nil
		}
		return nil, about(names[0], table.ErrNotExist)
	}
	release, err := s.lockTables(ctx, names...)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.drop(ctx, names, ifExists)
}

// drop takes tables out of the catalogue and returns those that were there. The locks of the tables are held.
func (s *Store) drop(ctx context.Context, names []table.Name, ifExists bool) (dropped []table.Name, err error) {
	err = s.locked(ctx, true, func() error {
		c, err := s.loadCatalog()
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, found := c.find(name); found {
				c.remove(name)
				dropped = append(dropped, name)
			} else if !ifExists {
				return about(name, table.ErrNotExist)
			}
		}
		if len(dropped) == 0 {
			return nil
		}
		_, err = s.saveCatalog(c)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range dropped {
		s.sweepFolder(folderOf(name))
	}
	return dropped, nil
}

// A tx is the content of one table in memory.
type tx struct {
	ctx     context.Context
	store   *Store
	name    table.Name
	existed bool
	schema  table.Schema // nil: the table does not exist
	rows    *table.Batch // nil: not read yet
	changed bool
}

func (t *tx) load() error {
	info, err := t.store.Lookup(t.ctx, t.name)
	if errors.Is(err, table.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	t.schema, t.existed = info.Schema, true
	return nil
}

// read makes sure that the rows are in memory.
func (t *tx) read() (err error) {
	if t.schema == nil {
		return &table.TableError{Table: t.name, Err: table.ErrNotExist}
	}
	if t.rows != nil {
		return nil
	}
	snap, err := t.store.Snapshot(t.ctx, t.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	rows := table.NewBatch(t.schema)
	parts, err := snap.Partitions(t.ctx, 1)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := t.readPart(rows, p); err != nil {
			return err
		}
	}
	t.rows = rows
	return nil
}

func (t *tx) readPart(rows *table.Batch, p table.Partition) (err error) {
	r, err := t.store.Read(t.ctx, p, table.ReadOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(t.ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		appendRows(rows, b, 0, b.Rows)
	}
}

func appendRows(dst, src *table.Batch, from, to int) {
	for c := range dst.Cols {
		arrowvec.AppendRows(&dst.Cols[c], &src.Cols[c], from, to)
	}
	dst.Rows += to - from
}

func (t *tx) Schema() table.Schema { return slices.Clone(t.schema) }

func (t *tx) Create(s table.Schema) error {
	if t.schema != nil {
		return &table.TableError{Table: t.name, Err: table.ErrExist}
	}
	if err := s.Check(); err != nil {
		return about(t.name, err)
	}
	t.schema = slices.Clone(s)
	t.rows, t.changed = table.NewBatch(t.schema), true
	return nil
}

func (t *tx) Rows(columns []string) (*table.Batch, error) {
	if err := t.read(); err != nil {
		return nil, err
	}
	if columns == nil {
		columns = t.schema.Names()
	}
	schema, err := t.schema.Select(columns)
	if err != nil {
		return nil, table.OfTable(t.name, err)
	}
	out := table.NewBatch(schema)
	for i, c := range columns {
		arrowvec.AppendRows(&out.Cols[i], t.rows.Col(c), 0, t.rows.Rows)
	}
	out.Rows = t.rows.Rows
	return out, nil
}

func (t *tx) Insert(b *table.Batch) error {
	if err := t.read(); err != nil {
		return err
	}
	if err := checkBatch(t.name, t.schema, b, 0); err != nil {
		return err
	}
	for c := range b.Cols {
		arrowvec.ShareRows(&t.rows.Cols[c], &b.Cols[c], 0, b.Rows)
	}
	t.rows.Rows += b.Rows
	t.changed = t.changed || b.Rows > 0
	return nil
}

func (t *tx) Delete(column string, value int64) (int64, error) {
	if err := t.read(); err != nil {
		return 0, err
	}
	if _, err := t.schema.Select([]string{column}); err != nil {
		return 0, table.OfTable(t.name, err)
	}
	v := t.rows.Col(column)
	var is func(i int) bool
	switch {
	case v.Type.Array:
	case v.Type.Kind == table.Int16:
		is = func(i int) bool { return int64(v.Int16s[i]) == value }
	case v.Type.Kind == table.Int32:
		is = func(i int) bool { return int64(v.Int32s[i]) == value }
	case v.Type.Kind == table.Int64:
		is = func(i int) bool { return v.Int64s[i] == value }
	}
	if is == nil {
		return 0, about(t.name, fmt.Errorf("column %q has type %s, an integer column is needed", column, v.Type))
	}
	kept := table.NewBatch(t.schema)
	for i := range t.rows.Rows {
		if v.IsNull(i) || !is(i) {
			appendRows(kept, t.rows, i, i+1)
		}
	}
	deleted := int64(t.rows.Rows - kept.Rows)
	if deleted > 0 {
		t.rows, t.changed = kept, true
	}
	return deleted, nil
}

func (t *tx) Drop() error {
	if t.schema == nil {
		return &table.TableError{Table: t.name, Err: table.ErrNotExist}
	}
	t.schema, t.rows, t.changed = nil, nil, t.existed
	return nil
}

// save writes the rows as a new generation and lets it count.
func (t *tx) save() (err error) {
	if err := t.read(); err != nil {
		return err
	}
	o, err := t.store.create(t.ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: t.name, Schema: t.schema, Replace: true}}})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Abort(t.ctx))
		}
	}()
	w, err := t.store.Append(t.ctx, table.Part{Output: o.id, Key: "rows"})
	if err != nil {
		return err
	}
	if err := w.Write(t.ctx, t.rows); err != nil {
		return errors.Join(err, w.Discard())
	}
	if err := w.Close(t.ctx); err != nil {
		return errors.Join(err, w.Discard())
	}
	return o.commit(t.ctx)
}
