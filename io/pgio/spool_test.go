package pgio

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var bytesSchema = table.Schema{{Name: "b", Type: table.BytesType}}

// unsent is an output of one table of bytea that never meets a server.
func unsent() *spooledOutput {
	return &spooledOutput{
		spooler: spooler{outputs: &spooledOutputs{}, open: &openSet{}},
		specs:   []table.TableSpec{{Name: tableNamed("t"), Schema: bytesSchema}},
		cols:    [][]column{{{Column: bytesSchema[0]}}},
		parts:   []map[string]*spooled{{}},
	}
}

// begin opens a part.
func (o *spooledOutput) begin(t *testing.T, key string) table.Writer {
	t.Helper()
	w, err := o.append(t.Context(), o.open, table.Part{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// bytesBatch has a row per length.
func bytesBatch(t *testing.T, lengths ...int) *table.Batch {
	t.Helper()
	b := table.NewBatch(bytesSchema)
	for _, n := range lengths {
		if err := b.Append(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestSpoolMemory: of a closed part no more stays in memory than the few bytes behind what is in the file, however large its rows.
func TestSpoolMemory(t *testing.T) {
	o := unsent()
	o.spool.folder = t.TempDir()
	t.Cleanup(o.spool.drop)
	const parts, large = 16, 4 << 20
	before := heap()
	for i := range parts {
		w := o.begin(t, strconv.Itoa(i))
		if err := errors.Join(w.Write(t.Context(), bytesBatch(t, large, 1)), w.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if kept := heap() - before; kept > 2*large {
		t.Errorf("%d parts with a row of %d bytes each hold %d bytes in memory", parts, large, kept)
	}
	if o.spool.size < parts*large {
		t.Errorf("%d bytes in the file", o.spool.size)
	}
	runtime.KeepAlive(o)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSpoolAfterDrop: a part that is still written when its output ends makes no file that nobody would close.
func TestSpoolAfterDrop(t *testing.T) {
	o := unsent()
	o.spool.folder = t.TempDir()
	w := o.begin(t, "k")
	if err := w.Write(t.Context(), bytesBatch(t, spoolChunk)); err != nil {
		t.Fatal(err)
	}
	if err := o.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), bytesBatch(t, spoolChunk)); !errors.Is(err, errSpoolGone) {
		t.Errorf("got error %v, want that the output has ended", err)
	}
	if o.spool.file != nil {
		_ = o.spool.file.Close()
		t.Error("there is a file again")
	}
	if left, err := os.ReadDir(o.spool.folder); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestSpooledAppend: a part whose context has ended is not opened, and nothing of it is left for the store to end.
func TestSpooledAppend(t *testing.T) {
	o := unsent()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w, err := o.append(ctx, o.open, table.Part{Key: "k"}); !errors.Is(err, context.Canceled) || w != nil {
		t.Errorf("got %v, error %v", w, err)
	}
	if n := len(o.open.all); n != 0 {
		t.Errorf("%d parts are open", n)
	}
}
