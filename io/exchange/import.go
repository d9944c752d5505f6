package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/csvio"
	"github.com/beamfit/beamfit/io/jsonlio"
	"github.com/beamfit/beamfit/io/parquetio"
	"github.com/beamfit/beamfit/io/table"
)

// ImportOptions say how a file is read and what becomes of it.
type ImportOptions struct {
	Form
	// Types are the types of columns. For CSV see csvio.Options; for Parquet they go by name, and values are converted
	// through their text. Columns left out have the type found in the file.
	Types table.Schema
	// Columns are those of the file that are wanted, in the order of the table; nil: all.
	Columns []string
	// Notice is told what was found out about the file that may have been meant otherwise; nil: nobody.
	Notice func(text string)
	// Progress is told how far the import is; nil: nobody.
	Progress Progress
	// RunID is the ID of the run that the import is, where one is recorded: who finds it in the way is told it.
	RunID string
	// Replace lets the table take the place of an existing one; else that is table.ErrExist.
	Replace bool
}

// importConnections are those of a claim, an output and its writer.
const importConnections = 3

// Import makes a table of a file's rows, in their order, and returns their number.
func Import(ctx context.Context, store table.Store, path string, name table.Name, opt ImportOptions) (rows int64, err error) {
	form, err := opt.Form.resolve(path)
	if err != nil {
		return 0, err
	}
	if err := table.CheckConnections(store, "an import", importConnections); err != nil {
		return 0, err
	}
	if !opt.Replace {
		if err := wantAbsent(ctx, store, name); err != nil {
			return 0, err
		}
	}
	claim, err := store.Claim(ctx, table.ClaimNote("import", opt.RunID), name)
	if err != nil {
		return 0, err
	}
	defer claim.Release()
	r, err := openFile(ctx, path, form, opt)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if opt.Notice != nil {
		for _, text := range r.Notices() {
			opt.Notice(text)
		}
	}
	out, err := store.Create(ctx, table.CreateOptions{
		Tables: []table.TableSpec{{Name: name, Schema: r.Schema(), Replace: opt.Replace, Ordered: true}},
	})
	if err != nil {
		return 0, err
	}
	if rows, err = copyRows(ctx, store, out, r, opt.Progress); err == nil {
		err = out.Commit(ctx)
	}
	if err != nil {
		return 0, errors.Join(err, out.Abort(ctx))
	}
	return rows, nil
}

// wantAbsent spares the reading of a file for a table that is already there.
func wantAbsent(ctx context.Context, store table.Store, name table.Name) error {
	_, err := store.Lookup(ctx, name)
	switch {
	case err == nil:
		return &table.TableError{Table: name, Err: table.ErrExist}
	case errors.Is(err, table.ErrNotExist):
		return nil
	}
	return err
}

// A reader is what the readers of all formats have in common.
type reader interface {
	table.Reader
	Notices() []string
	Rows() int64 // 0: not known
}

func openFile(ctx context.Context, path string, form Form, opt ImportOptions) (reader, error) {
	if form.Format == Parquet {
		return openParquet(ctx, path, opt)
	}
	var r reader
	var err error
	if form.Format == CSV {
		o := form.csv(opt.Types)
		o.Looked = opt.Progress.looked
		r, err = csvio.Open(ctx, path, o)
	} else {
		r, err = jsonlio.Open(ctx, path, form.Encoding, opt.Types, opt.Progress.looked)
	}
	if err != nil {
		return nil, err
	}
	r = readAhead(r)
	if opt.Columns == nil {
		return r, nil
	}
	p, err := newPicker(r, opt.Columns)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file %s: %w", path, err), r.Close())
	}
	return p, nil
}

func openParquet(ctx context.Context, path string, opt ImportOptions) (reader, error) {
	r, err := parquetio.Open(ctx, path, opt.Columns)
	if err != nil {
		return nil, err
	}
	c, err := newCaster(r, opt.Types)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file %s: %w", path, err), r.Close())
	}
	c.path = path
	return c, nil
}

// copyRows writes all rows as one part.
func copyRows(ctx context.Context, store table.Store, out table.Output, r reader, progress Progress) (rows int64, err error) {
	w, err := store.Append(ctx, table.Part{Output: out.ID(), Key: "rows"})
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Discard())
		}
	}()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, w.Close(ctx)
		}
		if err != nil {
			return 0, err
		}
		if err := w.Write(ctx, b); err != nil {
			return 0, err
		}
		rows += int64(b.Rows)
		progress.tell("writing", rows, r.Rows())
	}
}

// A caster gives columns of a reader other types, by way of their text.
type caster struct {
	reader
	path   string
	schema table.Schema
	batch  *table.Batch
	rows   int64
}

func newCaster(r reader, types table.Schema) (*caster, error) {
	c := &caster{reader: r, schema: append(table.Schema{}, r.Schema()...)}
	for _, t := range types {
		i := c.schema.Index(t.Name)
		if i < 0 {
			return nil, &table.ColumnError{Column: t.Name, Columns: c.schema.Names()}
		}
		c.schema[i].Type = t.Type
	}
	c.batch = table.NewBatch(c.schema)
	return c, nil
}

func (c *caster) Schema() table.Schema { return c.schema }

func (c *caster) Next(ctx context.Context) (*table.Batch, error) {
	in, err := c.reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	for i := range c.schema {
		if in.Schema[i] == c.schema[i] {
			c.batch.Cols[i] = in.Cols[i]
			continue
		}
		v := &c.batch.Cols[i]
		v.Reset()
		for row := range in.Rows {
			text, null := castText(&in.Cols[i], row, v.Type)
			if null {
				err = v.Append(nil)
			} else {
				err = v.AppendText(text)
			}
			if err != nil {
				return nil, fmt.Errorf("file %s, column %q, row %d: %w", c.path, c.schema[i].Name, c.rows+int64(row)+1, err)
			}
		}
	}
	c.batch.Rows = in.Rows
	c.rows += int64(in.Rows)
	return c.batch, nil
}

// castText is row i as the text that a value of another type is made of. Of bytes that are to be text or json it is the bytes themselves, since
// many programs write text so, and not their digits.
func castText(v *table.Vector, i int, to table.Type) (text string, null bool) {
	if v.Type == table.BytesType && to.IsText() && !v.IsNull(i) {
		return string(v.Bytes[i]), false
	}
	return table.FormatValue(v, i)
}
