package trainer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// kept trains one number from 400 ones behind dropout layers, starting from zero weights, on one row, and returns which
// weights have moved: those whose input was kept in some step.
func kept(t *testing.T, layers int, in TrainInput) []bool {
	t.Helper()
	var list []string
	for i := range layers {
		list = append(list, fmt.Sprintf(`{"class_name":"Dropout","config":{"name":"drop%d","rate":0.5,"batch_input_shape":[null,400]}}`, i))
	}
	m := newModel(t, `{"class_name":"Sequential","config":[`+strings.Join(list, ",")+`,
		{"class_name":"Dense","config":{"name":"d","units":1,"use_bias":false}}]}`, compileWith("sgd", "mse"))
	in.Data = Buffers{{N: 1, Inputs: [][]float32{slices.Repeat([]float32{1}, 400)}, Labels: [][]int16{{1}}}}
	in.Weights = make([]float32, 400)
	moved := make([]bool, 400)
	for i, w := range train(t, m, in).Weights {
		moved[i] = w != 0
	}
	return moved
}

func count(moved []bool) int {
	n := 0
	for _, v := range moved {
		if v {
			n++
		}
	}
	return n
}

// TestDropoutOfTraining: every step, seed, shard, iteration and layer has a mask of its own. The bounds are more than five
// standard deviations (10 for one half of 400) from what equal masks would give.
func TestDropoutOfTraining(t *testing.T) {
	one := TrainInput{Fit: params.Fit{BatchSize: 1, Epochs: 1}}
	base := kept(t, 1, one)
	if n := count(base); n < 150 || n > 250 {
		t.Errorf("%d of 400 inputs were kept, want about 200", n)
	}
	for name, change := range map[string]func(*TrainInput){
		"seed":      func(in *TrainInput) { in.Seed = 1 },
		"shard":     func(in *TrainInput) { in.Shard = 1 },
		"iteration": func(in *TrainInput) { in.Iteration = 1 },
	} {
		in := one
		change(&in)
		other, differ := kept(t, 1, in), 0
		for i := range base {
			if base[i] != other[i] {
				differ++
			}
		}
		if differ < 150 {
			t.Errorf("another %s: %d of 400 decisions differ, want about 200", name, differ)
		}
	}
	two := one
	two.Fit.Epochs = 2
	if n := count(kept(t, 1, two)); n < 260 || n > 340 {
		t.Errorf("%d of 400 inputs were kept in one of two steps, want about 300", n)
	}
	if n := count(kept(t, 2, one)); n < 60 || n > 140 {
		t.Errorf("%d of 400 inputs passed two layers, want about 100", n)
	}
}
