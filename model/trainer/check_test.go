package trainer

import (
	"context"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestNewRefuses lists what New finds wrong, each with a part of the message.
func TestNewRefuses(t *testing.T) {
	image := `{"class_name":"Sequential","config":[{"class_name":"Reshape","config":{"name":"r","batch_input_shape":[null,4],"target_shape":[2,2]}}]}`
	calls := func(names ...string) (c []params.Call) {
		for _, n := range names {
			c = append(c, params.Call{Name: n})
		}
		return c
	}
	sgd := params.Call{Name: "sgd"}
	tests := []struct {
		name, json string
		c          params.Compile
		want       string
	}{
		{"optimizer", irisJSON, compileWith("newton", "mse"), `unknown optimizer "newton"`},
		{"loss", irisJSON, compileWith("adam", "mses"), `unknown loss "mses"`},
		{"no loss", irisJSON, params.Compile{Optimizer: sgd}, "0 losses for a model with 1 outputs"},
		{"metric", irisJSON, compileWith("adam", "mse", "auk"), `unknown metric "auk"`},
		{"too many losses", irisJSON, params.Compile{Optimizer: sgd, Loss: calls("mse", "mse")}, "2 losses for a model with 1 outputs"},
		{"loss names", twoJSON, params.Compile{Optimizer: sgd, Loss: calls("mse", "mse"), LossOutputs: []string{"out1", "x"}}, `"x"`},
		{"loss named twice", twoJSON, params.Compile{Optimizer: sgd, Loss: calls("mse", "mse"), LossOutputs: []string{"out1", "out1"}}, `"out1"`},
		{"one named loss", twoJSON, params.Compile{Optimizer: sgd, Loss: calls("mse"), LossOutputs: []string{"out1"}}, "1 losses for a model with 2 outputs"},
		{"loss weights", twoJSON, params.Compile{Optimizer: sgd, Loss: calls("mse"), LossWeights: []float64{1}}, "1 loss_weights"},
		{"loss weight names", twoJSON, params.Compile{Optimizer: sgd, Loss: calls("mse"), LossWeightsByName: map[string]float64{"out3": 1}}, "out1"},
		{"output of rank 2", image, compileWith("adam", "circle"), "one dimension"},
	}
	for _, tt := range tests {
		if _, err := New(Config{Spec: parse(t, tt.json), Compile: tt.c}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a model without spec was made")
	}
}

// TestLossPerOutput: losses by output name go to their outputs.
func TestLossPerOutput(t *testing.T) {
	c := params.Compile{
		Optimizer: params.Call{Name: "sgd"},
		Loss:      []params.Call{{Name: "mae"}, {Name: "mse"}}, LossOutputs: []string{"out2", "out1"},
	}
	m := newModel(t, twoJSON, c)
	if m.losses[0].Name != "mean_squared_error" || m.losses[1].Name != "mean_absolute_error" {
		t.Errorf("losses %s, %s", m.losses[0].Name, m.losses[1].Name)
	}
}

// TestMetricsPerOutput: metrics in a dict or a list of lists go to their outputs.
func TestMetricsPerOutput(t *testing.T) {
	for _, tt := range []struct{ metrics, want string }{
		{"['acc', AUC(curve='PR')]", "out1 acc, out1 AUC(curve='PR'), out2 acc, out2 AUC(curve='PR')"},
		{"{'out2': ['mae', 'mse'], 'out1': 'acc'}", "out1 acc, out2 mae, out2 mse"},
		{"{'out2': AUC(name='area')}", "out2 area"},
		{"[['acc'], ['mae', 'mse']]", "out1 acc, out2 mae, out2 mse"},
		{"[[], 'mae']", "out2 mae"},
	} {
		c, err := params.ParseCompile("optimizer=sgd, loss=mse, metrics=" + tt.metrics)
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(t, twoJSON, *c)
		var got []string
		for _, v := range m.Metrics(evaluate(t, m, dataFor(m, 1, 5), weightsFor(m, 1))) {
			got = append(got, v.Output+" "+v.Name)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.metrics, s, tt.want)
		}
	}
	for metrics, want := range map[string]string{
		"{'out3': 'acc'}": `metrics names the output "out3", the model has ["out1" "out2"]`,
		"[['acc']]":       "metrics for 1 outputs of a model with 2",
	} {
		c, err := params.ParseCompile("optimizer=sgd, loss=mse, metrics=" + metrics)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Spec: parse(t, twoJSON), Compile: *c}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %s", metrics, err, want)
		}
	}
}

func TestFitRefused(t *testing.T) {
	good := params.Fit{BatchSize: 5, Epochs: 1}
	iris, two := newModel(t, irisJSON, compileWith("adam", "mse")), newModel(t, twoJSON, compileWith("adam", "mse"))
	tests := []struct {
		m      *Model
		change func(*params.Fit)
		want   string
	}{
		{iris, func(f *params.Fit) { f.BatchSize = 0 }, "batch_size"},
		{iris, func(f *params.Fit) { f.Epochs = -1 }, "epochs"},
		{iris, func(f *params.Fit) { f.InitialEpoch = -1 }, "initial_epoch"},
		{iris, func(f *params.Fit) { f.StepsPerEpoch = -1 }, "steps_per_epoch"},
		{iris, func(f *params.Fit) { f.ClassWeight = map[int]float64{3: 1} }, "class 3"},
		{iris, func(f *params.Fit) { f.ClassWeight = map[int]float64{-1: 1} }, "class -1"},
		{two, func(f *params.Fit) { f.ClassWeight = map[int]float64{0: 1} }, "one output"},
	}
	for _, tt := range tests {
		fit := good
		tt.change(&fit)
		if err := tt.m.CheckFit(fit); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want one with %q", fit, err, tt.want)
		}
		if err := tt.m.CheckFit(good); err != nil {
			t.Error(err)
		}
	}
}

func TestDataRefused(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "mse"))
	tests := []struct {
		change func(*Buffer)
		want   string
	}{
		{func(b *Buffer) { b.Inputs = b.Inputs[:1] }, "1 input arrays, the model has 2"},
		{func(b *Buffer) { b.Inputs[1] = b.Inputs[1][1:] }, `input "b"`},
		{func(b *Buffer) { b.Labels = nil }, "0 label arrays"},
		{func(b *Buffer) { b.Labels[0] = b.Labels[0][3:] }, `output "out1"`},
		{func(b *Buffer) { b.N++ }, "elements for 9 rows"},
		{func(b *Buffer) { b.N = -1 }, "-1 rows"},
	}
	for _, tt := range tests {
		data := dataFor(m, 1, 5, 8)
		tt.change(&data[1])
		if err := m.checkData(data); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "buffer 1") {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
		if _, err := m.Evaluate(context.Background(), data, weightsFor(m, 1)); err == nil {
			t.Error("evaluated on bad data")
		}
	}
}

func TestWeightsAndStateRefused(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("adam", "mse"))
	ctx := context.Background()
	data, weights := dataFor(m, 1, 5), weightsFor(m, 1)
	in := TrainInput{Data: data, Weights: weights[1:], State: m.NewState(), Fit: params.Fit{BatchSize: 5, Epochs: 1}}
	if _, err := m.Train(ctx, in); err == nil || !strings.Contains(err.Error(), "192 weights, the model has 193") {
		t.Errorf("train: %v", err)
	}
	in.Weights, in.State = weights, State{}
	if _, err := m.Train(ctx, in); err == nil || !strings.Contains(err.Error(), "386") {
		t.Errorf("state: %v", err)
	}
	if _, err := m.Evaluate(ctx, data, nil); err == nil {
		t.Error("evaluated without weights")
	}
	out := [][]float32{make([]float32, 15)}
	for name, err := range map[string]error{
		"weights": m.Predict(ctx, data[0].Inputs, 5, nil, out),
		"rows":    m.Predict(ctx, data[0].Inputs, 6, weights, out),
		"room":    m.Predict(ctx, data[0].Inputs, 5, weights, [][]float32{out[0][1:]}),
		"outputs": m.Predict(ctx, data[0].Inputs, 5, weights, nil),
	} {
		if err == nil {
			t.Errorf("predicted with wrong %s", name)
		}
	}
}
