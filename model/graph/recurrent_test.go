package graph

import (
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
)

// TestRecurrentDropoutStreams: inputs and states, either direction and every layer drop by random numbers of their own, and
// the gradient by those of its layer.
func TestRecurrentDropoutStreams(t *testing.T) {
	const inner = `"layer":{"class_name":"LSTM","config":{"units":2,"dropout":0.1,"recurrent_dropout":0.2,"seed":5}}`
	spec, err := keras.Parse([]byte(`{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d","units":3,"batch_input_shape":[null,4,3]}},
		{"class_name":"GRU","config":{"name":"g","units":3,"return_sequences":true,"dropout":0.1,"recurrent_dropout":0.2,"seed":5}},
		{"class_name":"Bidirectional","config":{"name":"b",` + inner + `}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	streams := func(training bool) (inputs, states, grads map[uint64]int) {
		inputs, states, grads = map[uint64]int{}, map[uint64]int{}, map[uint64]int{}
		o := Options{Batch: 2, Training: training, Losses: []*loss.Loss{lossNamed(t, "mse")}}
		g, err := Build(spec, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range g.sections.all[0].expr.AllNodes() {
			op, ok := n.Op().(*Op)
			if !ok {
				continue
			}
			switch a := op.Attr.(type) {
			case *DropoutBroadcastAttr:
				inputs[a.Stream]++
			case *RecurrentAttr:
				if a.Drop.Rate > 0 && op.Code == CodeRecurrent {
					states[a.Drop.Stream]++
				} else if a.Drop.Rate > 0 {
					grads[a.Drop.Stream]++
				}
			}
		}
		return inputs, states, grads
	}
	inputs, states, grads := streams(true)
	if len(inputs) != 3 || len(states) != 3 || len(grads) != 3 {
		t.Errorf("streams of inputs %v, of states %v, of their gradients %v; want three each", inputs, states, grads)
	}
	for s := range states {
		if inputs[s] > 0 || grads[s] != 2 {
			t.Errorf("stream %d of states: %d inputs and %d gradients share it, want 0 and 2", s, inputs[s], grads[s])
		}
	}
	if inputs, states, _ := streams(false); len(inputs)+len(states) != 0 {
		t.Errorf("outside training, inputs %v and states %v are dropped from", inputs, states)
	}
}
