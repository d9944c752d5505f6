package trainer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// The parts of an iteration, one after the other, are the iteration: the same batches in the same order, the same dropout, the same
// steps of the optimizer, wherever passes end.
func TestPartsAreTheIteration(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "categorical_crossentropy"))
	if got := RowsOf(params.Fit{BatchSize: 4, Epochs: 5, StepsPerEpoch: 4}, 23); got != 62 { // 6 batches: 4 and 2, 4 and 2, 4 of 4
		t.Errorf("%d rows in five passes", got)
	}
	for _, fit := range []params.Fit{
		{BatchSize: 5, Epochs: 3, Shuffle: true},
		{BatchSize: 5, Epochs: 2, ShuffleBatches: true},
		{BatchSize: 4, Epochs: 5, InitialEpoch: 1, StepsPerEpoch: 3, Shuffle: true},
		{BatchSize: 100, Epochs: 2},
	} {
		in := TrainInput{Data: dataFor(m, 1, 10, 13), Weights: weightsFor(m, 2), State: m.NewState(), Fit: fit, Seed: 3, Iteration: 2}
		whole := train(t, m, in)
		for _, parts := range []int{1, 2, 3, 7, StepsOf(fit, 23), StepsOf(fit, 23) + 5} {
			t.Run(fmt.Sprintf("%+v/%d", fit, parts), func(t *testing.T) {
				part, rows, steps := in, 0, 0
				for i := range parts {
					part.Part = Part{Index: i, Of: parts}
					r := train(t, m, part)
					if d := int(r.State.Steps - part.State.Steps); d != part.Part.Steps(fit, 23) {
						t.Errorf("part %d made %d steps, expected %d", i, d, part.Part.Steps(fit, 23))
					}
					steps += part.Part.Steps(fit, 23)
					part.Weights, part.State = r.Weights, r.State
					rows += r.Rows
				}
				if !slices.Equal(part.Weights, whole.Weights) || !slices.Equal(part.State.Slots, whole.State.Slots) || part.State.Steps != whole.State.Steps {
					t.Error("the parts give other weights or states than the whole")
				}
				want := int(RowsOf(fit, 23))
				if parts == 1 {
					want = 23
				}
				if rows != want || steps != StepsOf(fit, 23) {
					t.Errorf("%d rows in %d steps, expected %d in %d", rows, steps, want, StepsOf(fit, 23))
				}
			})
		}
	}
}

// Shards in turn, in parts that cut passes, have the steps that each has alone; the order of a pass is made once and given on.
func TestPartsKeepTheOrder(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("adam", "categorical_crossentropy"))
	ins := make([]TrainInput, 2)
	var whole []TrainResult
	for shard := range ins {
		ins[shard] = TrainInput{
			Data: dataFor(m, uint64(1+shard), 20), Weights: weightsFor(m, 2), State: m.NewState(),
			Fit: params.Fit{BatchSize: 5, Epochs: 2, Shuffle: true}, Seed: 3, Shard: shard, Iteration: 1,
		}
		whole = append(whole, train(t, m, ins[shard]))
	}
	orders := map[int]*int32{}
	for i := range 8 {
		for shard := range ins {
			in := &ins[shard]
			in.Part = Part{Index: i, Of: 8}
			r := train(t, m, *in)
			in.Weights, in.State = r.Weights, r.State
			o, kept := m.orders[shard]
			if kept != (i%4 < 3) {
				t.Errorf("behind part %d the order is kept: %v", i, kept)
			}
			if kept && i%4 > 0 && orders[shard] != &o.rows[0] {
				t.Errorf("in part %d the order was made again", i)
			}
			if kept {
				orders[shard] = &o.rows[0]
			}
		}
	}
	for shard, in := range ins {
		if !slices.Equal(in.Weights, whole[shard].Weights) {
			t.Errorf("the parts of shard %d give other weights than the whole", shard)
		}
	}
	o := walkOrder{}
	o.become(orderKey{shuffle: shuffledRows, seed: 1, rows: 10, batch: 5})
	o.rows[0], o.rows[1] = o.rows[1], o.rows[0]
	changed := slices.Clone(o.rows)
	if o.become(o.of); !slices.Equal(o.rows, changed) {
		t.Error("the same order was made again")
	}
	o.become(orderKey{rows: 10, batch: 5})
	if !slices.IsSorted(o.rows) || len(o.rows) != 10 {
		t.Errorf("no shuffling gives %v", o.rows)
	}
}

// The averages of use_ema become the weights once, where the iteration ends.
func TestAveragesAreTakenAtTheEnd(t *testing.T) {
	c := compileWith("sgd", "categorical_crossentropy")
	c.Optimizer.Args = map[string]params.Value{"use_ema": true}
	m := newModel(t, irisJSON, c)
	in := TrainInput{Data: dataFor(m, 1, 20), Weights: weightsFor(m, 2), State: m.NewState(), Fit: params.Fit{BatchSize: 5, Epochs: 2}}
	whole := train(t, m, in)
	in.Part = Part{Open: true}
	open := train(t, m, in)
	averages := open.State.Slots[m.optimizer.Rule.Slots()*m.trainable:]
	if slices.Equal(open.Weights, whole.Weights) || !slices.Equal(averages, whole.Weights) {
		t.Error("the averages are the weights where the iteration goes on with another shard, or are others")
	}
	for i := range 4 {
		in.Part = Part{Index: i, Of: 4}
		r := train(t, m, in)
		in.Weights, in.State = r.Weights, r.State
	}
	if !slices.Equal(in.Weights, whole.Weights) {
		t.Error("the parts give other weights than the whole")
	}
}

// A schedule may be at another place than the optimizer's own steps, which its corrections count.
func TestScheduleHasItsOwnPlace(t *testing.T) {
	c := compileWith("adam", "categorical_crossentropy")
	c.Optimizer.Args = map[string]params.Value{"decay": 0.5}
	m := newModel(t, irisJSON, c)
	in := TrainInput{Data: dataFor(m, 1, 20), Weights: weightsFor(m, 2), State: m.NewState(), Fit: params.Fit{BatchSize: 20, Epochs: 1}}
	in.Schedule = &Schedule{Place: 6, Stride: 4}
	got := train(t, m, in)
	in.Schedule = nil
	c.Optimizer.Args = map[string]params.Value{"learning_rate": 0.001 / 4}
	m = newModel(t, irisJSON, c)
	if want := train(t, m, in); !slices.Equal(got.Weights, want.Weights) {
		t.Error("step 0 at place 6 of a decay by 1/2 has not a quarter of the learning rate")
	}
	in.Fit.BatchSize = 5
	first := train(t, m, in)
	in.Schedule = &Schedule{Place: 0, Stride: 1}
	if again := train(t, m, in); !slices.Equal(first.Weights, again.Weights) {
		t.Error("the place of the state is not the default")
	}
}
