package exchange

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/beamfit/beamfit/io/csvio"
	"github.com/beamfit/beamfit/io/jsonlio"
	"github.com/beamfit/beamfit/io/parquetio"
	"github.com/beamfit/beamfit/io/table"
)

// ExportOptions say how a file is written.
type ExportOptions struct {
	Form
	// Progress is told how far the export is; nil: nobody.
	Progress Progress
}

// rowWriter is what csvio.Writer and parquetio.Writer have in common.
type rowWriter interface {
	Write(ctx context.Context, b *table.Batch) error
	Close() error
}

// exportConnections are those of a snapshot and a reader.
const exportConnections = 2

// Export writes the rows of a table to a file and returns their number. An existing file is replaced.
func Export(ctx context.Context, store table.Store, name table.Name, path string, opt ExportOptions) (rows int64, err error) {
	form, err := opt.Form.resolve(path)
	if err != nil {
		return 0, err
	}
	if err := table.CheckConnections(store, "an export", exportConnections); err != nil {
		return 0, err
	}
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	err = WriteFile(path, func(out io.Writer) error {
		packed, closePacked, err := compressed(out, path, form)
		if err != nil {
			return err
		}
		w, err := newWriter(packed, form, snap.Info().Schema)
		if err != nil {
			return err
		}
		err = readRows(ctx, store, snap, func(b *table.Batch) error {
			rows += int64(b.Rows)
			opt.Progress.tell("writing", rows, snap.Info().Rows)
			return w.Write(ctx, b)
		})
		if err != nil {
			return err
		}
		return errors.Join(w.Close(), closePacked())
	})
	if err != nil {
		return 0, err
	}
	return rows, nil
}

func newWriter(out io.Writer, form Form, schema table.Schema) (rowWriter, error) {
	switch form.Format {
	case CSV:
		return csvio.NewWriter(out, schema, form.csv(nil))
	case JSONLines:
		return jsonlio.NewWriter(out, schema)
	}
	return parquetio.NewWriter(out, schema)
}

// compressed is what compresses a text file whose name says so.
func compressed(out io.Writer, path string, form Form) (packed io.Writer, end func() error, err error) {
	if form.Format == Parquet { // which is compressed by itself
		return out, func() error { return nil }, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		w := gzip.NewWriter(out)
		return w, w.Close, nil
	case ".zst":
		w, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return w, w.Close, nil
	}
	return out, func() error { return nil }, nil
}
