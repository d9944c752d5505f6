package pipelines

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// images writes a table of n rows of 784 numbers and one of ten labels, in batches.
func images(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	ctx := context.Background()
	schema := table.Schema{{Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.Int32Type}}
	out, err := store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: mustName(t, name), Schema: schema, Ordered: true}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := store.Append(ctx, table.Part{Output: out.ID(), Key: "0"})
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for i := range n {
		for j := range 784 {
			b.Cols[0].Float32s = append(b.Cols[0].Float32s, float32((i*31+j*7)%256))
		}
		b.Cols[0].EndArray(nil)
		b.Cols[1].Int32s = append(b.Cols[1].Int32s, int32(i%10))
		b.Rows++
		if b.Rows == 1000 || i == n-1 {
			if err := w.Write(ctx, b); err != nil {
				t.Fatal(err)
			}
			b.Reset()
		}
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// peakHeap is the most memory in objects of the heap, garbage included, while fn runs.
func peakHeap(fn func()) uint64 {
	runtime.GC()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := uint64(0)
		for tick := time.NewTicker(2 * time.Millisecond); ; {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-stop:
				tick.Stop()
				done <- most
				return
			case <-tick.C:
			}
		}
	}()
	fn()
	close(stop)
	return <-done
}

// BenchmarkPreprocess packs tables of 3 kB rows into buffers of 10 MB. What it shows is peak-MB: it must not grow with the
// table.
func BenchmarkPreprocess(b *testing.B) {
	for _, rows := range []int{10_000, 100_000} {
		for _, kind := range []string{"file", "postgres"} {
			b.Run(fmt.Sprintf("%s/%d rows", kind, rows), func(b *testing.B) {
				store := fileStore(b)
				if kind == "postgres" {
					store = pgStore(b)
				}
				images(b, store, "images", rows)
				for _, runner := range jobtest.Runners() {
					b.Run(runner, func(b *testing.B) {
						b.SetBytes(int64(rows) * 784 * 4)
						for b.Loop() {
							peak := peakHeap(func() {
								_, err := Preprocess(b.Context(), Env{Store: store, Runner: runner, Workers: 2}, PreprocessOptions{
									Source: "images", Output: "packed", Dependent: "y", Independent: "x", Normalize: ptr(255.0), BufferSize: ptr(3333),
								})
								if err != nil {
									b.Fatal(err)
								}
							})
							b.ReportMetric(float64(peak)/1e6, "peak-MB")
							b.StopTimer()
							dropTable(b, store, "packed")
							dropTable(b, store, "packed_summary")
							b.StartTimer()
						}
					})
				}
			})
		}
	}
}
