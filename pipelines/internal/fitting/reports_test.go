package fitting

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

func TestPackReports(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	want := []tables.Report{
		{Iteration: 3, Elapsed: 1500 * time.Millisecond, Training: &tables.Scores{Loss: 0.5, OutputLosses: []float32{0.125, nan}, Names: []string{"a", "b"}, Metrics: []float32{1, nan}}, Validation: &tables.Scores{Loss: inf, OutputLosses: []float32{inf, 7}, Names: []string{"a", "b"}, Metrics: []float32{2, 3}}},
		{Iteration: 4, Elapsed: 2 * time.Second, Training: &tables.Scores{Loss: 0.25, OutputLosses: []float32{3, 4}, Names: []string{"a", "b"}, Metrics: []float32{1, 0}}, Validation: &tables.Scores{Loss: 0, OutputLosses: []float32{5, 6}, Names: []string{"a", "b"}, Metrics: []float32{-2, 3}}},
	}
	names := []string{"a", "b"}
	b, _ := packedReports(want).MarshalBinary()
	got, err := unpackReports(b, 4, [][]string{names, names}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if got, err := unpackReports(nil, 4, [][]string{nil}, 0); err != nil || len(got) != 0 {
		t.Errorf("no reports became %v, %v", got, err)
	}
}

// FuzzUnpackReports: any numbers are reports of known iterations or an error.
func FuzzUnpackReports(f *testing.F) {
	f.Add(floats(1, 0.5, 0.25, 1, 0.5, 2), 2, 1, 0, true)
	f.Add(floats(1, 0.5, 0.25, 1, 0.5, 2), 2, 1, 2, false)
	f.Add(floats(math.NaN(), -1, 0, 0, 0, 0), 2, 1, 0, true)
	f.Fuzz(func(t *testing.T, b []byte, last, metrics, outputs int, validation bool) {
		if metrics < 0 || metrics > 9 || outputs < 0 || outputs > 9 {
			return
		}
		names := [][]string{make([]string, metrics)}
		if validation {
			names = append(names, names[0])
		}
		reports, err := unpackReports(b, last, names, outputs)
		before := 0
		for _, r := range reports {
			if r.Iteration <= before || r.Iteration > last || r.Elapsed < 0 || len(r.Training.Metrics) != metrics || len(r.Training.OutputLosses) != outputs || (r.Validation != nil) != validation {
				t.Errorf("report of %d: %+v", last, r)
			}
			before = r.Iteration
		}
		if err != nil && reports != nil {
			t.Errorf("%v beside %v", reports, err)
		}
	})
}

// floats are the bytes of numbers.
func floats(values ...float64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}
