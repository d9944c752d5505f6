package pack

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/features"
)

// A textStore is one table of short texts, which it gives as a store does: as many at once as may be, and 65,536 at the most.
type textStore struct {
	table.Store
	rows, given int
	most        int // per batch
}

func (s *textStore) Ref() string { return "packtest:" }

func (s *textStore) Read(_ context.Context, _ table.Partition, opt table.ReadOptions) (table.Reader, error) {
	if s.most = 1 << 16; opt.BatchRows > 0 {
		s.most = min(s.most, opt.BatchRows)
	}
	return s, nil
}

func (*textStore) Schema() table.Schema { return table.Schema{{Name: "t", Type: table.TextType}} }
func (*textStore) Close() error         { return nil }

func (s *textStore) Next(context.Context) (*table.Batch, error) {
	b := table.NewBatch(s.Schema())
	for ; s.given < s.rows && b.Rows < s.most; s.given++ {
		if err := b.Append(fmt.Sprint("word ", s.given%10)); err != nil {
			return nil, err
		}
	}
	if b.Rows == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// A countSink counts rows and their bytes.
type countSink struct{ rows, bytes int }

func (s *countSink) put(_ int64, rows int, record func(i int) []byte) error {
	s.rows += rows
	s.bytes += rows * len(record(0))
	return nil
}
func (*countSink) flush() error { return nil }

// What a reader has in memory is bounded by bytes, not by rows: a row of a few letters may become a million numbers.
func TestWideRowsOfShortTexts(t *testing.T) {
	const bound = 64 << 20
	for _, c := range []struct{ length, rows int }{{4096, 1 << 14}, {lookup.MaxLength, 64}, {3, 1 << 17}} {
		empty := ""
		words := &lookup.Lookup{Layer: lookup.TextVectorization, Vocabulary: []string{"word"}, OOV: 1, Mask: &empty, Split: lookup.Whitespace, Length: c.length}
		list, err := features.ParseList("t")
		if err != nil {
			t.Fatal(err)
		}
		inputs, err := list.ResolveFor([]features.ModelInput{{Name: "in", Layer: "layer", Lookup: words}}, (*textStore)(nil).Schema(), nil)
		if err != nil {
			t.Fatal(err)
		}
		p := Plan{
			Ref: "packtest:", Rows: int64(c.rows), BufferSize: 1, Shards: 1, Scale: 1, GroupBytes: 4 << 20,
			Inputs: []Input{{Column: "t", Shape: []int{c.length}, Variable: inputs[0].Variable}},
		}
		store := &textStore{rows: c.rows}
		run := bundle.Begin(t.Context(), bundle.Options{Store: store})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var to countSink
		err = p.read(t.Context(), run, table.Partition{Rows: int64(c.rows)}, &to, func(int64) {})
		runtime.ReadMemStats(&after)
		if err != nil || to.rows != c.rows || to.bytes != c.rows*(4+4*c.length) {
			t.Errorf("%d rows of %d: %+v, %v", c.rows, c.length, to, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; c.length > 3 && n > bound {
			t.Errorf("%d rows of %d numbers took %d MB, expected at most %d", c.rows, c.length, n>>20, bound>>20)
		}
		if c.length == 3 && store.most != 1<<16 {
			t.Errorf("narrow rows come in batches of %d", store.most)
		}
		if err := run.End(); err != nil {
			t.Error(err)
		}
	}
}
