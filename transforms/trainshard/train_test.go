package trainshard

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/trainer"
)

func TestStateCoder(t *testing.T) {
	for _, s := range []State{
		{},
		{Shard: 70000, Optimizer: trainer.State{Iteration: 1 << 40, Slots: []float32{1, -2.5, float32(math.Inf(1))}}},
	} {
		b, err := encodeState(s)
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
	b, _ := encodeState(State{Shard: 3, Optimizer: trainer.State{Iteration: 5, Slots: []float32{1, 2}}})
	f.Add(b)
	f.Add([]byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeState(b)
		if err != nil {
			return
		}
		if again, err := encodeState(s); err != nil || string(again) != string(b) {
			t.Errorf("%x became %x, %v", b, again, err)
		}
	})
}
