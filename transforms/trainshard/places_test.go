package trainshard

import (
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// Shards of 100, 0 and 41 rows make 20 and 10 steps of 10 rows in an iteration of two passes.
func TestPlaces(t *testing.T) {
	fit := params.Fit{BatchSize: 10, Epochs: 2}
	for _, c := range []struct {
		places    Places
		shard     int
		iteration int
		part      trainer.Part
		want      trainer.Schedule
	}{
		{Places{}, 0, 1, trainer.Part{}, trainer.Schedule{Place: 0, Stride: 1}},
		{Places{}, 2, 3, trainer.Part{}, trainer.Schedule{Place: 20, Stride: 1}},
		{Places{}, 2, 3, trainer.Part{Index: 1, Of: 4}, trainer.Schedule{Place: 22, Stride: 1}},
		{Places{WarmUp: 2}, 2, 3, trainer.Part{}, trainer.Schedule{Place: 60, Stride: 1}},
		{Places{WarmUp: 2}, 0, 4, trainer.Part{Index: 2, Of: 4}, trainer.Schedule{Place: 60 + 20 + 10, Stride: 1}},
		{Places{Global: true}, 0, 2, trainer.Part{}, trainer.Schedule{Place: 30, Stride: 2}},
		{Places{Global: true}, 2, 2, trainer.Part{Index: 1, Of: 2}, trainer.Schedule{Place: 45, Stride: 2}},
		{Places{Global: true, WarmUp: 1}, 2, 2, trainer.Part{}, trainer.Schedule{Place: 30, Stride: 2}},
	} {
		c.places.Rows = []int{100, 0, 41}
		if got := c.places.At(fit, c.shard, c.iteration, c.part); got != c.want {
			t.Errorf("%+v, shard %d, iteration %d, %+v: %+v, want %+v", c.places, c.shard, c.iteration, c.part, got, c.want)
		}
	}
	var none *Places
	if none.of(fit, 0, 1, trainer.Part{}) != nil {
		t.Error("no places have one")
	}
}
