package parquetio

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/internal/inputfile"
	"github.com/beamfit/beamfit/io/table"
)

// Batches have about batchBytes, as far as the batch before tells, and at most batchRows rows; the first has firstRows. How
// large rows are in memory cannot be told from the file: a page may repeat one long text a million times in a few bytes.
const (
	batchBytes = 4 << 20
	batchRows  = 1 << 16
	firstRows  = 1
)

// A Reader returns the rows of a Parquet file.
type Reader struct {
	path    string
	f       io.Closer
	file    *checkedFile
	columns []column
	notices []string
	readers []*pqarrow.ColumnReader
	schema  table.Schema
	batch   *table.Batch
	memory  *budget
	size    int64 // rows asked for at a time
	bytes   int64 // of the batch
	total   int64 // of all batches
	rows    int64 // that the file has
	done    int64 // that were returned
}

var _ table.Reader = (*Reader)(nil)

// Open opens a Parquet file, of which the named columns are read; nil: all that a table can hold.
func Open(ctx context.Context, path string, columns []string) (*Reader, error) {
	f, err := inputfile.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	r, err := open(ctx, path, f, memory.NewGoAllocator(), columns)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	r.f = f
	return r, nil
}

// open reads the metadata.
func open(ctx context.Context, path string, in parquet.ReaderAtSeeker, mem memory.Allocator, columns []string) (r *Reader, err error) {
	r = &Reader{path: path}
	err = r.guard(func() error { return r.begin(ctx, in, mem, columns) })
	if err != nil {
		r.release()
		return nil, err
	}
	return r, nil
}

func (r *Reader) begin(ctx context.Context, in parquet.ReaderAtSeeker, mem memory.Allocator, wanted []string) error {
	checked, err := newCheckedFile(ctx, in)
	if err != nil {
		return r.corrupt(err)
	}
	r.file = checked
	r.memory = &budget{mem: mem, most: memoryFor(checked.size)}
	r.memory.renew()
	props := parquet.NewReaderProperties(r.memory)
	props.BufferedStreamEnabled = true // do not read whole column chunks at once
	pq, err := file.NewParquetReader(checked, file.WithReadProps(props))
	if err != nil {
		return r.corrupt(err)
	}
	types := originalTypes(pq.MetaData())
	// The Arrow schema that many writers add is not needed, and reading a damaged one can ask for any amount of memory.
	pq.MetaData().FileMetaData.KeyValueMetadata = nil
	int96, err := int96AsBytes(pq.MetaData())
	if err != nil {
		return r.corrupt(err)
	}
	fr, err := pqarrow.NewFileReader(pq, pqarrow.ArrowReadProperties{}, r.memory)
	if err != nil {
		return r.corrupt(err)
	}
	if err := r.choose(fr.Manifest.Fields, leafTypes{pq.MetaData().Schema, int96}, types, wanted); err != nil {
		return fmt.Errorf("file %s: %w", r.path, err)
	}
	if err := r.supported(pq.MetaData().Schema); err != nil {
		return fmt.Errorf("file %s: %w", r.path, err)
	}
	groups := make([]int, pq.NumRowGroups())
	for g := range groups {
		groups[g] = g
		n := pq.MetaData().RowGroup(g).NumRows()
		if n < 0 || n > math.MaxInt64-r.rows {
			return r.corrupt(fmt.Errorf("a row group of %d rows", n))
		}
		r.rows += n
	}
	r.size = firstRows
	leaves := map[int]bool{}
	for i := range pq.MetaData().Schema.NumColumns() {
		leaves[i] = true
	}
	// Not FileReader.GetRecordReader: it opens the columns in goroutines, whose panics cannot be caught.
	for _, c := range r.columns {
		r.memory.renew()
		reader, err := fr.GetFieldReader(ctx, c.field, leaves, groups)
		if err != nil {
			return r.corrupt(err)
		}
		r.readers = append(r.readers, reader)
	}
	r.batch = table.NewBatch(r.schema)
	return nil
}

// choose makes the columns of those that are wanted of the file's fields, or of all, and original is the SQL types that Writer kept.
// A field that no table can hold is left out with a notice, unless it is wanted or there is no other.
func (r *Reader) choose(fields []pqarrow.SchemaField, leaves leafTypes, types, wanted []string) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Field.Name
	}
	all := wanted == nil
	if all {
		wanted = names
	}
	var first error
	for k, name := range wanted {
		i := k
		if !all {
			if i = slices.Index(names, name); i < 0 {
				return &table.ColumnError{Column: name, Columns: names}
			}
		}
		c, err := columnOf(&fields[i], leaves)
		switch {
		case err != nil && !all:
			return err
		case err != nil:
			r.notices = append(r.notices, fmt.Sprintf("file %s: %v, and is left out", r.path, err))
			first = cmp.Or(first, err)
			continue
		}
		if len(types) == len(fields) {
			c.typ = original(c.typ, types[i])
		}
		c.field = i
		r.columns = append(r.columns, c)
		r.schema = append(r.schema, table.Column{Name: c.name, Type: c.typ})
	}
	if len(r.columns) == 0 && first != nil {
		return first
	}
	return r.schema.Check()
}

// supported reports what of the columns that are read is no damage, but what this package does not know.
func (r *Reader) supported(leaves *schema.Schema) error {
	read := map[string]bool{}
	for _, c := range r.columns {
		read[c.name] = true
	}
	for _, c := range r.file.chunks {
		if c.column >= leaves.NumColumns() {
			continue
		}
		if name := leaves.Column(c.column).ColumnPath()[0]; read[name] {
			if err := c.supported(); err != nil {
				return fmt.Errorf("column %q %w", name, err)
			}
		}
	}
	return nil
}

// guard turns a panic of the Parquet library, which trusts what files say, into an error.
func (r *Reader) guard(fn func() error) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case error:
			if err = r.file.ctx.Err(); err == nil {
				err = r.corrupt(fmt.Errorf("it cannot be read: %w", x))
			}
		default:
			err = r.corrupt(fmt.Errorf("it cannot be read: %v", x))
		}
	}()
	return fn()
}

func (r *Reader) corrupt(err error) error {
	return fmt.Errorf("file %s: %w: %w", r.path, table.ErrCorrupt, err)
}

// Notices say what was left out of the file.
func (r *Reader) Notices() []string { return r.notices }

// Rows is the number of rows.
func (r *Reader) Rows() int64 { return r.rows }

// Schema has the columns with their types.
func (r *Reader) Schema() table.Schema { return r.schema }

// Next returns the next rows.
func (r *Reader) Next(ctx context.Context) (*table.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.done == r.rows {
		return nil, io.EOF
	}
	r.file.ctx = ctx
	r.batch.Reset()
	r.bytes = 0
	want := min(r.size, r.rows-r.done)
	for i := range r.columns {
		if err := r.guard(func() error { return r.fill(i, want) }); err != nil {
			return nil, err
		}
	}
	r.batch.Rows = int(want)
	r.done += want
	r.resize()
	return r.batch, nil
}

// resize sets the size of the next batch by the batch read.
func (r *Reader) resize() {
	each := r.bytes/int64(r.batch.Rows) + 1
	r.size = max(1, min(batchRows, 4*r.size, batchBytes/each))
}

// fill reads n rows of a column.
func (r *Reader) fill(i int, n int64) error {
	r.memory.renew()
	chunks, err := r.readers[i].NextBatch(n)
	if err != nil {
		return r.corrupt(fmt.Errorf("column %q: %w", r.columns[i].name, err))
	}
	defer chunks.Release()
	if int64(chunks.Len()) != n {
		return r.corrupt(fmt.Errorf("column %q ends after %d of %d rows", r.columns[i].name, r.done+int64(chunks.Len()), r.rows))
	}
	v, done := &r.batch.Cols[i], 0
	for _, arr := range chunks.Chunks() {
		if err := r.convert(v, arr, i); err != nil {
			return fmt.Errorf("file %s, column %q, after row %d: %w", r.path, r.columns[i].name, r.done+int64(done), err)
		}
		done += arr.Len()
	}
	if v.Len() != int(n) {
		return r.corrupt(fmt.Errorf("column %q has %d values for %d rows", r.columns[i].name, v.Len(), n))
	}
	bytes := int64(0)
	for row := range v.Len() {
		bytes += int64(arrowvec.RowBytes(v, row)) + 1
	}
	r.bytes += bytes
	r.total += bytes
	if r.bytes > r.memory.most {
		return r.corrupt(fmt.Errorf("%d rows take more than %d bytes of memory", n, r.memory.most))
	}
	if r.total > r.file.most() {
		return r.corrupt(fmt.Errorf("%d rows of %d bytes in a file of %d", r.done+n, r.total, r.file.size))
	}
	return nil
}

func (r *Reader) convert(v *table.Vector, arr arrow.Array, i int) error {
	return appendColumn(v, arr, r.columns[i].depth)
}

func (r *Reader) release() {
	for _, c := range r.readers {
		_ = r.guard(func() error { c.Release(); return nil })
	}
	r.readers = nil
}

// Close closes the file.
func (r *Reader) Close() error {
	r.release()
	return r.f.Close()
}
