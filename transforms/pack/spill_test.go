package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// A memoryStore is one table of n rows, x = {row, -row} and y = row mod 3, that is read in batches of 7 rows; what is written
// is kept as text, by key.
type memoryStore struct {
	table.Store
	n      int64
	failAt string // key of the part that cannot be written

	mu    sync.Mutex
	parts map[string]string
}

func (s *memoryStore) Ref() string { return "packtest:" }

func (s *memoryStore) Read(_ context.Context, p table.Partition, _ table.ReadOptions) (table.Reader, error) {
	return &memoryReader{at: p.FirstRow, end: p.FirstRow + p.Rows}, nil
}

func (s *memoryStore) Append(_ context.Context, p table.Part) (table.Writer, error) {
	return &memoryWriter{s: s, key: p.Key}, nil
}

func (s *memoryStore) partitions(n int64) []table.Partition {
	var out []table.Partition
	for i := range n {
		if first, last := s.n*i/n, s.n*(i+1)/n; first < last {
			out = append(out, table.Partition{FirstRow: first, Rows: last - first})
		}
	}
	return out
}

var memorySchema = table.Schema{{Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.Int64Type}}

type memoryReader struct{ at, end int64 }

func (r *memoryReader) Schema() table.Schema { return memorySchema }
func (r *memoryReader) Close() error         { return nil }

func (r *memoryReader) Next(context.Context) (*table.Batch, error) {
	if r.at == r.end {
		return nil, io.EOF
	}
	b := table.NewBatch(memorySchema)
	for ; r.at < r.end && b.Rows < 7; r.at++ {
		if err := b.Append([]float32{float32(r.at), -float32(r.at)}, r.at%3); err != nil {
			return nil, err
		}
	}
	return b, nil
}

type memoryWriter struct {
	s    *memoryStore
	key  string
	text strings.Builder
}

func (w *memoryWriter) Write(_ context.Context, b *table.Batch) error {
	if w.key == w.s.failAt {
		return table.ErrFull
	}
	for i := range b.Rows {
		for c := range b.Cols {
			text, _ := table.FormatValue(&b.Cols[c], i)
			fmt.Fprintf(&w.text, "%s ", text)
		}
		w.text.WriteString("\n")
	}
	return nil
}

func (w *memoryWriter) Close(context.Context) error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.parts[w.key] = w.text.String()
	return nil
}
func (w *memoryWriter) Discard() error { return nil }

func memoryPlan(dir string, rows, size, shards, groupBytes int64) Plan {
	return Plan{
		Ref: "packtest:", Scratch: dir, Rows: rows, BufferSize: size, Shards: shards, Shuffle: true, Seed: 4, Scale: 1, GroupBytes: groupBytes,
		Inputs: []Input{{Column: "x", Shape: []int{2}}},
		Labels: []Label{{Column: "y", Width: 4, Keys: [][]byte{[]byte("n0"), []byte("n1"), []byte("n2")}}},
	}
}

// wayOfRows is how rows come to their buffers.
type wayOfRows struct {
	name              string
	travels, portions bool
}

var waysOfRows = []wayOfRows{{"spilled", false, false}, {"grouped", true, false}, {"in portions", true, true}}

// plan is memoryPlan for rows that go that way.
func (w wayOfRows) plan(dir string, rows, size, shards, groupBytes int64) Plan {
	if w.travels {
		dir = ""
	}
	p := memoryPlan(dir, rows, size, shards, groupBytes)
	p.Portions = w.portions
	return p
}

// packAll does what the pipeline does, and returns the packed table.
func packAll(ctx context.Context, s *memoryStore, p Plan, partitions int64) (string, error) {
	s.parts = map[string]string{}
	run := bundle.Begin(ctx, bundle.Options{Store: s})
	defer func() { _ = run.End() }()
	if p.Scratch == "" {
		travel := groupAll
		if p.Portions {
			travel = travelInPortions
		}
		err := travel(ctx, s, run, p, partitions)
		return s.text(p), err
	}
	groups := map[int64][]Spilled{}
	for _, part := range s.partitions(partitions) {
		spilled, err := p.spill(ctx, run, part, func(int64) {})
		if err != nil {
			return "", err
		}
		for _, sp := range spilled {
			groups[sp.Group] = append(groups[sp.Group], sp)
		}
	}
	for g, spilled := range groups {
		slices.Reverse(spilled) // their order does not matter
		if err := p.assembled(ctx, run, g, spilled); err != nil {
			return "", err
		}
	}
	return s.text(p), nil
}

// assembled does what assembleFn does with a group.
func (p *Plan) assembled(ctx context.Context, run *bundle.Run, group int64, spilled []Spilled) error {
	g := p.newGroup(group)
	defer g.release()
	if err := g.readAll(ctx, spilled); err != nil {
		return err
	}
	return g.write(ctx, run, func(int64) {})
}

// text is the packed table.
func (s *memoryStore) text(p Plan) string {
	var out strings.Builder
	for g := range p.groups() {
		out.WriteString(s.parts[fmt.Sprintf("%010d", g)])
	}
	return out.String()
}

// One buffer of unshuffled rows, byte by byte.
func TestPackBytes(t *testing.T) {
	s := &memoryStore{n: 3}
	p := memoryPlan(t.TempDir(), 3, 2, 2, 1)
	p.Shuffle = false
	got, err := packAll(t.Context(), s, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := `0 \x00000000000000800000803f000080bf \x01000000000000000000010000000000 {2,2} {2,4} 0 ` + "\n" +
		`1 \x00000040000000c0 \x0000000001000000 {1,2} {1,4} 1 ` + "\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The packed table does not depend on partitions, on how much is collected in memory, or on the way of the rows.
func TestPackSame(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 200).Draw(t, "rows")
		size := rapid.Int64Range(1, n).Draw(t, "buffer size")
		shards := rapid.Int64Range(1, 5).Draw(t, "shards")
		s := &memoryStore{n: n}
		want, err := packAll(context.Background(), s, memoryPlan(dir, n, size, shards, 1<<20), 1)
		if err != nil {
			t.Fatal(err)
		}
		way := rapid.SampledFrom(waysOfRows).Draw(t, "way")
		p := way.plan(dir, n, size, shards, rapid.Int64Range(1, 2000).Draw(t, "group bytes"))
		got, err := packAll(context.Background(), s, p, rapid.Int64Range(1, 9).Draw(t, "partitions"))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
		if buffers := int64(strings.Count(got, "\n")); buffers != p.Buffers() {
			t.Fatalf("%d buffers, want %d", buffers, p.Buffers())
		}
	})
}

func TestPackFails(t *testing.T) {
	t.Run("no scratch folder", func(t *testing.T) {
		p := memoryPlan(filepath.Join(t.TempDir(), "missing"), 9, 3, 1, 1)
		if _, err := packAll(t.Context(), &memoryStore{n: 9}, p, 1); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "scratch folder") {
			t.Errorf("got %v", err)
		}
	})
	for _, way := range waysOfRows {
		t.Run("output, "+way.name, func(t *testing.T) {
			s := &memoryStore{n: 9, failAt: "0000000001"}
			if _, err := packAll(t.Context(), s, way.plan(t.TempDir(), 9, 3, 1, 1), 1); !errors.Is(err, table.ErrFull) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("cancelled, "+way.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := packAll(ctx, &memoryStore{n: 9}, way.plan(t.TempDir(), 9, 3, 1, 1), 1); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	// What no sound scratch folder holds is an error, never a wrong buffer.
	s := &memoryStore{n: 9}
	dir := t.TempDir()
	p := memoryPlan(dir, 9, 9, 1, 1<<20)
	run := bundle.Begin(t.Context(), bundle.Options{Store: s})
	defer func() { _ = run.End() }()
	spilled, err := p.spill(t.Context(), run, s.partitions(1)[0], func(int64) {})
	if err != nil || len(spilled) != 1 {
		t.Fatal(spilled, err)
	}
	for name, c := range map[string]struct {
		spilled []Spilled
		want    string
	}{
		"the same twice": {[]Spilled{spilled[0], spilled[0]}, "came twice"},
		"none":           {nil, "0 of 9 rows of group 0 were found"},
		"short file":     {[]Spilled{{File: spilled[0].File, Offset: 1, Rows: 9}}, "scratch folder"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := p.assembled(t.Context(), run, 0, c.spilled); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestPlanCheck(t *testing.T) {
	for _, c := range []struct {
		change func(p *Plan)
		want   string
	}{
		{func(*Plan) {}, ""},
		{func(p *Plan) { p.BufferSize = 1 << 40 }, "the buffer size can be at most 67108864"},
		{func(p *Plan) { p.Labels[0].Width = 1_000_000; p.BufferSize = 600 }, "buffers of 600 rows are too large"},
		{func(p *Plan) { p.Inputs[0].Shape = []int{1 << 28} }, "the buffer size can be at most 0"},
		{func(p *Plan) { p.Rows, p.BufferSize = 1<<40, 1 }, "1099511627776 buffers are too many; raise the buffer size"},
	} {
		p := memoryPlan("", 100, 10, 1, 0)
		c.change(&p)
		if err := p.Check(); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// Memory for groups stays within bounds, and so does their number.
func TestGroups(t *testing.T) {
	for _, c := range []struct{ rows, size, group, groups int64 }{
		{120, 40, 116508, 1},              // 4 MB of rows of 36 bytes
		{1 << 20, 1 << 10, 113 << 10, 10}, // whole buffers only
		{1 << 30, 1 << 10, 1820 << 10, 577},
		{1 << 30, 1 << 25, 1 << 25, 32}, // a buffer is more than a group should have
	} {
		p := memoryPlan("", c.rows, c.size, 1, 0)
		p.Labels[0].Width = 12 // 4 + 8 + 24 bytes
		if p.recordBytes() != 36 {
			t.Fatal(p.recordBytes())
		}
		if c.rows == 120 {
			c.group = 116480 // the greatest multiple of 40
		}
		if rows := p.tableOf(0).groupRows(); rows != c.group || p.groups() != c.groups {
			t.Errorf("%d rows in buffers of %d: %d groups of %d rows, want %d of %d", c.rows, c.size, p.groups(), rows, c.groups, c.group)
		}
	}
}
