package exchange

import (
	"context"
	"errors"
	"io"

	"github.com/beamfit/beamfit/io/fileio/csvio"
	"github.com/beamfit/beamfit/io/fileio/parquetio"
	"github.com/beamfit/beamfit/io/table"
)

// ExportOptions say how a file is written.
type ExportOptions struct {
	Form
}

// rowWriter is what csvio.Writer and parquetio.Writer have in common.
type rowWriter interface {
	Write(ctx context.Context, b *table.Batch) error
	Close() error
}

// Export writes the rows of a table to a file and returns their number. An existing file is replaced.
func Export(ctx context.Context, store table.Store, name table.Name, path string, opt ExportOptions) (rows int64, err error) {
	form, err := opt.Form.resolve(path)
	if err != nil {
		return 0, err
	}
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	err = writeFile(path, func(out io.Writer) error {
		w, err := newWriter(out, form, snap.Info().Schema)
		if err != nil {
			return err
		}
		if rows, err = writeRows(ctx, store, snap, w); err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return 0, err
	}
	return rows, nil
}

func newWriter(out io.Writer, form Form, schema table.Schema) (rowWriter, error) {
	if form.Format == CSV {
		return csvio.NewWriter(out, schema, form.csv(nil))
	}
	return parquetio.NewWriter(out, schema)
}

func writeRows(ctx context.Context, store table.Store, snap table.Snapshot, w rowWriter) (rows int64, err error) {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return 0, err
	}
	for _, p := range parts {
		n, err := writePartition(ctx, store, p, w)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

func writePartition(ctx context.Context, store table.Store, p table.Partition, w rowWriter) (rows int64, err error) {
	r, err := store.Read(ctx, p, table.ReadOptions{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return 0, err
		}
		if err := w.Write(ctx, b); err != nil {
			return 0, err
		}
		rows += int64(b.Rows)
	}
}
