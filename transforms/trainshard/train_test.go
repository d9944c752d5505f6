package trainshard

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func TestStateCoder(t *testing.T) {
	for _, s := range []State{
		{},
		{Shard: dataset.Shard{Index: 70000, Rows: 5}, Optimizer: trainer.State{Steps: 1 << 40, Slots: []float32{1, -2.5, float32(math.Inf(1))}}},
	} {
		b, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeState(b)
		if err != nil {
			t.Fatal(err)
		}
		if s.Optimizer.Slots == nil {
			s.Optimizer.Slots = []float32{}
		}
		if d := cmp.Diff(s, got); d != "" {
			t.Error(d)
		}
		if _, err := decodeState(b[:3]); err == nil {
			t.Error("no error for 3 bytes")
		}
	}
}

// What a stage leaves the next one gets, from its own place: a state that is not there is an error, and never a fresh one.
func TestKept(t *testing.T) {
	run := bundle.Begin(t.Context(), bundle.Options{})
	defer func() { _ = run.End() }()
	model, err := recipe.Model{
		Arch:    []byte(`{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "out", "units": 2, "use_bias": false, "batch_input_shape": [null, 1]}}]}`),
		Compile: "loss='mse', optimizer='adam'", Fit: "batch_size=2",
	}.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	box := collect.Box{Run: run.Ref(), Name: "box"}
	shards := []dataset.Shard{{Index: 0}, {Index: 1}}
	places := []Kept{{Box: box, After: "-after-1-0"}, {Box: box}, {Box: box, Turn: true, After: "-after-1-0"}, {Box: box, Turn: true}}
	for i, k := range places {
		for _, shard := range shards[:len(shards)-i/2] { // a TurnState is the same for all
			if s, err := k.get(t.Context(), shard, model); !errors.Is(err, table.ErrNotExist) {
				t.Errorf("place %d, shard %d: %v, error %v before there is one", i, shard.Index, s, err)
			}
			s := model.NewState()
			s.Steps, s.Slots[0] = int64(i), float32(shard.Index)
			if err := k.put(t.Context(), State{shard, s}); err != nil {
				t.Fatal(err)
			}
			got, err := k.get(t.Context(), shard, model)
			if d := cmp.Diff(s, got); err != nil || d != "" {
				t.Errorf("place %d, shard %d: error %v\n%s", i, shard.Index, err, d)
			}
		}
	}
	if s, err := (Kept{New: true}).get(t.Context(), shards[0], model); err != nil || !cmp.Equal(s, model.NewState()) {
		t.Errorf("before the first step: %v, %v", s, err)
	}
	if err := places[0].put(t.Context(), State{shards[0], trainer.State{Slots: []float32{1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := places[0].get(t.Context(), shards[0], model); err == nil || !strings.Contains(err.Error(), "optimizer state of 1 elements") {
		t.Errorf("a state of another model: error %v", err)
	}
}

// Elements whose states do not travel have none after a stage either, whether or not somebody asks for the states, and are the same before it and
// after it.
func TestBareElements(t *testing.T) {
	run := bundle.Begin(t.Context(), bundle.Options{})
	defer func() { _ = run.End() }()
	box := collect.Box{Run: run.Ref(), Name: "box"}
	model := recipe.Model{
		Arch:    []byte(`{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "out", "units": 2, "use_bias": false, "batch_input_shape": [null, 1]}}]}`),
		Compile: "loss='mse', optimizer='adam'", Fit: "batch_size=2",
	}
	for _, to := range []*Kept{nil, {Box: box}} {
		step := Stage{Run: run.Ref(), Model: model, Iteration: 1, From: &Kept{New: true}, To: to}
		end, err := step.train(t.Context(), State{}, average.Vector{Values: []float32{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		if len(end.state.Optimizer.Slots) != 0 || end.state.Optimizer.Steps != 0 {
			t.Errorf("to %v: the element has the state %v", to, end.state.Optimizer)
		}
		p, s := beam.NewPipelineWithRoot()
		shards := beam.Create(s, dataset.Shard{})
		states, turn, weights, gate := Bare(s, shards), BareTurnState(s), beam.Create(s, average.Vector{}), beam.Create(s, 0)
		if after, _ := Train(s, step, states, weights, gate); after != states {
			t.Errorf("to %v: %v after %v in %v", to, after, states, p)
		}
		if _, after := WarmUp(s, step, 0, shards, weights, turn, gate); after != turn {
			t.Errorf("to %v: %v after %v in %v", to, after, turn, p)
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	b, _ := State{Shard: dataset.Shard{Index: 3}, Optimizer: trainer.State{Steps: 5, Slots: []float32{1, 2}}}.MarshalBinary()
	f.Add(b)
	f.Add([]byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeState(b)
		if err != nil {
			return
		}
		again, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeState(again); err != nil || !cmp.Equal(back, s, cmpopts.EquateNaNs()) {
			t.Errorf("%x became %v, %v", b, back, err)
		}
	})
}

// A round begins with the mean of the vectors that come apart, and with one that comes alone.
func TestWeightsThatComeApart(t *testing.T) {
	run := bundle.Begin(t.Context(), bundle.Options{})
	defer func() { _ = run.End() }()
	vectors := []average.Vector{{Rows: 3, Values: []float32{1, 2}}, {Rows: 1, Values: []float32{5, -2}}}
	for _, c := range []struct {
		step Stage
		come []average.Vector
		want []float32
	}{
		{Stage{Run: run.Ref(), Apart: true}, vectors, []float32{2, 1}},
		{Stage{Run: run.Ref()}, vectors[:1], []float32{1, 2}},
		{Stage{Run: run.Ref()}, vectors, nil},
	} {
		at := 0
		got, err := c.step.join(t.Context(), func(v *average.Vector) bool {
			if at == len(c.come) {
				return false
			}
			*v = c.come[at]
			at++
			return true
		})
		if d := cmp.Diff(c.want, got.Values); d != "" || (err != nil) != (c.want == nil) {
			t.Errorf("apart %v, %d vectors: error %v\n%s", c.step.Apart, len(c.come), err, d)
		}
	}
}
