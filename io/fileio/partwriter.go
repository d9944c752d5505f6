package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// Record batches end at the first row that brings them to batchBytes, and have at most maxBatchRows rows.
const (
	batchBytes   = 4 << 20
	maxBatchRows = 1 << 16
)

var (
	errDiscarded = errors.New("the part was discarded")
	errClosed    = errors.New("the part is closed")
)

// A partWriter collects rows into record batches and writes them into part files of a generation folder. Usually a part
// is one file; another is begun when a column has its first array that is not one-dimensional, whose shapes need a column.
type partWriter struct {
	disk   disk
	mem    memory.Allocator
	dir    string // of the generation
	name   table.Name
	schema table.Schema
	// publish makes the part known once its files are durable; false: somebody else has written the key.
	publish func(ctx context.Context, part partMeta) (bool, error)

	part    partMeta
	rows    int64 // taken by Write
	pending *table.Batch
	bytes   int // about the size of pending
	dims    []int
	open    *partFile
	err     error // why no more can be written
}

func (w *partWriter) Write(ctx context.Context, b *table.Batch) error {
	if w.err != nil {
		return w.err
	}
	if err := w.write(ctx, b); err != nil {
		w.err = err
		return err
	}
	return nil
}

func (w *partWriter) write(ctx context.Context, b *table.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkBatch(w.name, w.schema, b, w.rows); err != nil {
		return err
	}
	for from := 0; from < b.Rows; {
		to := from
		for to < b.Rows && w.pending.Rows+to-from < maxBatchRows && w.bytes < batchBytes {
			for c := range b.Cols {
				w.bytes += arrowvec.RowBytes(&b.Cols[c], to)
			}
			to++
		}
		full := w.pending.Rows+to-from >= maxBatchRows || w.bytes >= batchBytes
		add := arrowvec.AppendRows
		if full { // they are written before b may change
			add = arrowvec.ShareRows
		}
		for c := range b.Cols {
			add(&w.pending.Cols[c], &b.Cols[c], from, to)
		}
		w.pending.Rows += to - from
		w.rows += int64(to - from)
		from = to
		if full {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBatch reports a batch that is not one of the table's, or text that no table can hold. done rows came before.
func checkBatch(name table.Name, schema table.Schema, b *table.Batch, done int64) error {
	if !slices.Equal(b.Schema, schema) {
		return &table.TableError{Table: name, Err: fmt.Errorf("a batch with columns %s where %s were expected", describe(b.Schema), describe(schema))}
	}
	if err := b.Check(); err != nil {
		return &table.TableError{Table: name, Err: err}
	}
	for c := range b.Cols {
		v := &b.Cols[c]
		if row := badText(v); row >= 0 {
			return &table.ValueError{
				Table: name, Column: schema[c].Name, Row: done + int64(row) + 1,
				Err: errors.New("text that is not valid UTF-8 or holds a zero byte"),
			}
		}
	}
	return nil
}

// badText is the first row with text that is not UTF-8 or holds a zero byte, -1 if there is none.
func badText(v *table.Vector) int {
	for j, s := range v.Strings {
		if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
			continue
		}
		if !v.Type.Array {
			return j
		}
		row, _ := slices.BinarySearch(v.Offsets, j+1)
		return row - 1
	}
	return -1
}

func describe(s table.Schema) string {
	parts := make([]string, len(s))
	for i, c := range s {
		parts[i] = table.Quote(c.Name) + " " + c.Type.String()
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// flush writes the pending rows as one record batch.
func (w *partWriter) flush() error {
	if w.pending.Rows == 0 {
		return nil
	}
	grew := false
	for c := range w.pending.Cols {
		if !slices.Contains(w.dims, c) && arrowvec.HasDims(&w.pending.Cols[c]) {
			w.dims, grew = append(w.dims, c), true
		}
	}
	slices.Sort(w.dims)
	if grew {
		if err := w.finishFile(); err != nil {
			return err
		}
	}
	if w.open == nil {
		f, err := createPartFile(w.disk, w.mem, w.dir, w.part.Key, w.schema, slices.Clone(w.dims))
		if err != nil {
			return &table.TableError{Table: w.name, Err: err}
		}
		w.open = f
	}
	if err := w.open.write(w.pending); err != nil {
		return &table.TableError{Table: w.name, Err: err}
	}
	w.pending.Reset()
	w.bytes = 0
	return nil
}

func (w *partWriter) finishFile() error {
	if w.open == nil {
		return nil
	}
	meta, err := w.open.finish()
	w.open = nil
	if err != nil {
		return &table.TableError{Table: w.name, Err: err}
	}
	w.part.Files = append(w.part.Files, meta)
	return nil
}

func (w *partWriter) Close(ctx context.Context) error {
	if w.err != nil {
		return w.err
	}
	err := ctx.Err()
	if err == nil {
		err = w.flush()
	}
	if err == nil {
		err = w.finishFile()
	}
	first := false
	if err == nil {
		first, err = w.publish(ctx, w.part)
	}
	if !first {
		w.drop()
	}
	w.err, w.pending = errClosed, nil
	if err != nil {
		w.err = err
	}
	return err
}

func (w *partWriter) Discard() error {
	if errors.Is(w.err, errClosed) || errors.Is(w.err, errDiscarded) {
		return nil
	}
	w.drop()
	w.err, w.pending = errDiscarded, nil
	return nil
}

// drop removes the part's files. What cannot be removed is swept when the output ends.
func (w *partWriter) drop() {
	if w.open != nil {
		_ = w.open.file.close()
		_ = w.disk.removeAll(w.open.file.f.Name())
		w.open = nil
	}
	for _, f := range w.part.Files {
		_ = w.disk.removeAll(filepath.Join(w.dir, f.Name))
	}
}

// A skipWriter stands for a part whose key is already written: it takes rows and keeps none.
type skipWriter struct {
	name   table.Name
	schema table.Schema
}

func (w skipWriter) Write(ctx context.Context, b *table.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return checkBatch(w.name, w.schema, b, 0)
}
func (w skipWriter) Close(ctx context.Context) error { return ctx.Err() }
func (w skipWriter) Discard() error                  { return nil }

// recordSuffix ends the name of the file that makes a part known while its output is staged.
const recordSuffix = ".part.json"

func recordPath(dir, key string) string { return filepath.Join(dir, escape(key)+recordSuffix) }

// writeRecord makes a part known under its key. The caller sees to it that nobody else writes the key meanwhile.
func writeRecord(d disk, dir string, part partMeta) error {
	data, err := json.Marshal(part)
	if err != nil {
		return err
	}
	return d.replace(recordPath(dir, part.Key), append(data, '\n'))
}

func (d disk) readRecord(path string) (part partMeta, err error) {
	data, err := d.readSmall(path)
	if err != nil {
		return part, err
	}
	if err := json.Unmarshal(data, &part); err != nil {
		return part, corrupt(path, "%w", err)
	}
	return part, nil
}

// A partFile is one Arrow IPC file being written.
type partFile struct {
	file   *file
	out    *tallyWriter
	arrow  *ipc.FileWriter
	schema *arrow.Schema
	meta   fileMeta
}

func createPartFile(d disk, mem memory.Allocator, dir, key string, schema table.Schema, dims []int) (*partFile, error) {
	name := escape(key) + "-" + newID() + ".arrow"
	f, err := d.create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	p := &partFile{file: f, schema: arrowSchema(schema, dims), meta: fileMeta{Name: name, Dims: dims}}
	p.out = newTallyWriter(f, p.schema)
	p.arrow, err = ipc.NewFileWriter(p.out, ipc.WithSchema(p.schema), ipc.WithAllocator(mem))
	if err != nil {
		_ = f.close()
		return nil, err
	}
	return p, nil
}

// write adds a record batch.
func (p *partFile) write(b *table.Batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("file %s: writing a record batch: %v", p.file.f.Name(), r)
		}
	}()
	var columns []arrow.Array
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for c := range b.Cols {
		a, err := arrowvec.Array(&b.Cols[c])
		if err != nil {
			return fmt.Errorf("column %q: %w", b.Schema[c].Name, err)
		}
		columns = append(columns, a)
	}
	for _, c := range p.meta.Dims {
		columns = append(columns, arrowvec.Dims(&b.Cols[c]))
	}
	record := array.NewRecord(p.schema, columns, int64(b.Rows))
	defer record.Release()
	return p.arrow.Write(record)
}

// finish writes the footer and makes the file durable.
func (p *partFile) finish() (fileMeta, error) {
	err := p.out.beginFoot()
	if err == nil {
		err = p.arrow.Close()
	}
	if err == nil {
		err = p.out.w.Flush()
	}
	if err == nil {
		err = p.file.sync()
	}
	if e := p.file.close(); err == nil {
		err = e
	}
	p.meta.Size, p.meta.HeadCRC, p.meta.FootCRC, p.meta.Batches = p.out.pos, p.out.head, p.out.crc, p.out.batches
	return p.meta, err
}
