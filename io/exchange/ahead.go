package exchange

import (
	"context"

	"github.com/beamfit/beamfit/io/table"
)

// An ahead reads the next batch while the one before is used, on a goroutine that ends with Close. The batches of its reader must be valid
// until the second call of Next after them.
type ahead struct {
	reader
	wanted chan context.Context
	read   chan batchOrError
	begun  bool
}

type batchOrError struct {
	batch *table.Batch
	err   error
}

func readAhead(r reader) *ahead {
	a := &ahead{reader: r, wanted: make(chan context.Context, 1), read: make(chan batchOrError, 1)}
	go func() {
		for ctx := range a.wanted {
			b, err := r.Next(ctx)
			a.read <- batchOrError{b, err}
		}
		close(a.read)
	}()
	return a
}

// Next returns the next rows. ctx is that of the reading of the batch after them too.
func (a *ahead) Next(ctx context.Context) (*table.Batch, error) {
	if !a.begun {
		a.begun = true
		a.wanted <- ctx
	}
	r := <-a.read
	if r.err == nil {
		a.wanted <- ctx
	}
	return r.batch, r.err
}

// Close waits for what is being read.
func (a *ahead) Close() error {
	close(a.wanted)
	for range a.read {
	}
	return a.reader.Close()
}

// A picker returns some of the columns of a reader.
type picker struct {
	reader
	schema table.Schema
	from   []int
	batch  table.Batch
}

func newPicker(r reader, columns []string) (*picker, error) {
	p := &picker{reader: r}
	all := r.Schema()
	for _, name := range columns {
		i := all.Index(name)
		if i < 0 {
			return nil, &table.ColumnError{Column: name, Columns: all.Names()}
		}
		p.schema = append(p.schema, all[i])
		p.from = append(p.from, i)
	}
	p.batch = table.Batch{Schema: p.schema, Cols: make([]table.Vector, len(columns))}
	return p, p.schema.Check()
}

func (p *picker) Schema() table.Schema { return p.schema }

func (p *picker) Next(ctx context.Context) (*table.Batch, error) {
	b, err := p.reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	for i, from := range p.from {
		p.batch.Cols[i] = b.Cols[from]
	}
	p.batch.Rows = b.Rows
	return &p.batch, nil
}
