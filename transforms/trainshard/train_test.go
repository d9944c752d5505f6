package trainshard

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/dataset"
)

func TestStateCoder(t *testing.T) {
	for _, s := range []State{
		{},
		{Shard: dataset.Shard{Index: 70000, Rows: 5}, Optimizer: trainer.State{Iteration: 1 << 40, Slots: []float32{1, -2.5, float32(math.Inf(1))}}},
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

func FuzzDecodeState(f *testing.F) {
	b, _ := State{Shard: dataset.Shard{Index: 3}, Optimizer: trainer.State{Iteration: 5, Slots: []float32{1, 2}}}.MarshalBinary()
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
