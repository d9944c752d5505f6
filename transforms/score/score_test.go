package score

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// some are scores of rows of a small model.
func some(t testing.TB, name string, rows ...float32) Scores {
	t.Helper()
	m := model(t)
	s, err := m.Evaluate(context.Background(), trainer.Buffers{{Inputs: [][]float32{rows}, Labels: [][]int16{make([]int16, len(rows))}, N: len(rows)}}, []float32{1, 0})
	if err != nil {
		t.Fatal(err)
	}
	return Scores{map[string]trainer.Score{name: s}}
}

// model is a small one.
func model(t testing.TB) *trainer.Model {
	t.Helper()
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [null, 1]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	compile, err := params.ParseCompile("optimizer='sgd', loss='mse', metrics=['mae']")
	if err != nil {
		t.Fatal(err)
	}
	m, err := trainer.New(trainer.Config{Spec: spec, Compile: *compile})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// values are what the scores say.
func values(t testing.TB, s Scores) map[string][]float64 {
	t.Helper()
	m, out := model(t), map[string][]float64{}
	for name, score := range s.By {
		out[name] = []float64{float64(score.Rows()), score.Loss(), m.Metrics(score)[0].Value}
	}
	return out
}

func TestMerge(t *testing.T) {
	parts := []Scores{some(t, "training", 1, 2), some(t, "validation", 5), some(t, "training", 3), some(t, "training"), {}}
	want := map[string][]float64{"training": {3, 14. / 3, 2}, "validation": {1, 25, 5}}
	for turn := range parts {
		sum := Scores{}
		for i := range parts {
			var err error
			if sum, err = (&mergeFn{}).MergeAccumulators(sum, parts[(i+turn)%len(parts)]); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, values(t, sum)); d != "" {
			t.Error(d)
		}
	}
	if d := cmp.Diff(map[string][]float64{"training": {2, 2.5, 1.5}}, values(t, parts[0])); d != "" {
		t.Errorf("a merge changed its input: %s", d)
	}
}

func TestScoresCoder(t *testing.T) {
	sum, err := (&mergeFn{}).MergeAccumulators(some(t, "training", 1, 2), some(t, "validation", 5))
	if err != nil {
		t.Fatal(err)
	}
	b, err := sum.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeScores(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(values(t, sum), values(t, got)); d != "" {
		t.Error(d)
	}
	for n := range len(b) {
		if _, err := decodeScores(b[:n]); err == nil && n > 0 {
			// a cut between two entries leaves a whole list
			if again, _ := must(decodeScores(b[:n])).MarshalBinary(); string(again) != string(b[:n]) {
				t.Errorf("%d of %d bytes are taken", n, len(b))
			}
		}
	}
}

func must(s Scores, _ error) Scores { return s }

func FuzzDecodeScores(f *testing.F) {
	b, _ := some(f, "training", 1, 2).MarshalBinary()
	f.Add(b)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := decodeScores(b); err == nil {
			if _, err := s.MarshalBinary(); err != nil {
				t.Error(err)
			}
		}
	})
}
