package graph

import (
	"strings"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

const smallJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"relu"}},
{"class_name":"Dense","config":{"name":"d2","units":3,"activation":"softmax"}}]}`

func spec(t *testing.T) *keras.Spec {
	t.Helper()
	s, err := keras.Parse([]byte(smallJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lossNamed(t *testing.T, name string) *loss.Loss {
	t.Helper()
	l, ok := loss.ByName(name)
	if !ok {
		t.Fatalf("no loss %s", name)
	}
	return l
}

// unknown is a layer that the graph does not know.
type unknown struct{}

func (unknown) Class() string { return "Lambda" }

func layerNamed(s *keras.Spec, name string) *keras.Layer {
	for _, l := range s.Layers {
		if l.Name == name {
			return l
		}
	}
	return nil
}

func TestBuildRefuses(t *testing.T) {
	mse := lossNamed(t, "mse")
	tests := []struct {
		name   string
		change func(s *keras.Spec)
		o      Options
		want   string
	}{
		{"batch", nil, Options{}, "batch of 0 rows"},
		{"losses", nil, Options{Batch: 1, Losses: []*loss.Loss{mse, mse}}, "2 losses for 1 outputs"},
		{"training without loss", nil, Options{Batch: 1, Training: true}, "needs losses"},
		{"metrics", nil, Options{Batch: 1, Losses: []*loss.Loss{mse}, Metrics: [][]*loss.Loss{nil, nil}}, "metrics for 2 outputs"},
		{"class", func(s *keras.Spec) { layerNamed(s, "d1").Config = unknown{} }, Options{Batch: 1}, `layer "d1": class Lambda`},
		{"activation", func(s *keras.Spec) { layerNamed(s, "d2").Config.(*keras.Dense).Activation = "cube" }, Options{Batch: 1}, `layer "d2" (Dense): activation "cube"`},
	}
	for _, tt := range tests {
		s := spec(t)
		if tt.change != nil {
			tt.change(s)
		}
		if _, err := Build(s, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestBuildConcurrently builds graphs side by side: Gorgonia's package state must not be shared. It is of use under the
// race detector.
func TestBuildConcurrently(t *testing.T) {
	s := spec(t)
	o := Options{Batch: 2, Training: true, Losses: []*loss.Loss{lossNamed(t, "categorical_crossentropy")}}
	var group sync.WaitGroup
	nodes := make([]int, 8)
	for i := range nodes {
		group.Go(func() {
			g, err := Build(s, o)
			if err != nil {
				t.Error(err)
				return
			}
			nodes[i] = len(g.sections.all[0].expr.AllNodes())
		})
	}
	group.Wait()
	for _, n := range nodes {
		if n != nodes[0] {
			t.Errorf("graphs of %d and %d nodes", nodes[0], n)
		}
	}
}

// TestLogits: which form of which loss is used for which output.
func TestLogits(t *testing.T) {
	for _, tt := range []struct {
		activation, loss string
		want             loss.Form
	}{
		{"softmax", "categorical_crossentropy", loss.CategoricalCrossentropy{Logits: true}},
		{"sigmoid", "categorical_crossentropy", loss.CategoricalCrossentropy{Logits: true}}, // as Keras does
		{"sigmoid", "binary_crossentropy", loss.BinaryCrossentropy{Logits: true}},
		{"softmax", "binary_crossentropy", loss.BinaryCrossentropy{Logits: true}},
		{"softmax", "binary_focal_crossentropy", loss.BinaryFocalCrossentropy{Softmax: true, Alpha: 0.25, Gamma: 2}},
		{"sigmoid", "binary_focal_crossentropy", loss.BinaryFocalCrossentropy{Logits: true, Alpha: 0.25, Gamma: 2}},
		{"softmax", "mse", loss.MeanSquaredError{}},
		{"tanh", "binary_crossentropy", loss.BinaryCrossentropy{}},
		{"linear", "categorical_crossentropy", loss.CategoricalCrossentropy{}},
	} {
		s, err := keras.Parse([]byte(strings.Replace(smallJSON, "softmax", tt.activation, 1)))
		if err != nil {
			t.Fatal(err)
		}
		g, err := Build(s, Options{Batch: 1, Losses: []*loss.Loss{lossNamed(t, tt.loss)}})
		if err != nil {
			t.Fatal(err)
		}
		if attr := g.RowLosses[0].Op().(*Op).Attr.(LossAttr); attr.Form != tt.want {
			t.Errorf("%s of %s: %+v, want %+v", tt.loss, tt.activation, attr.Form, tt.want)
		}
	}
}

func TestSamePadding(t *testing.T) {
	for _, tt := range []struct{ size, out, taps, stride, before, after int }{
		{5, 5, 3, 1, 1, 1}, {5, 5, 2, 1, 0, 1}, {6, 3, 3, 2, 0, 1}, {7, 4, 3, 2, 1, 1}, {6, 2, 1, 4, 0, 0},
	} {
		if before, after := samePadding(tt.size, tt.out, tt.taps, tt.stride); before != tt.before || after != tt.after {
			t.Errorf("%+v: %d and %d", tt, before, after)
		}
	}
}

// TestActivations: every activation that package keras reads is known here, and no other.
func TestActivations(t *testing.T) {
	for _, name := range knownActivations() {
		text := strings.Replace(smallJSON, "softmax", name, 1)
		if name == keras.GLU { // of an even number
			text = strings.Replace(text, `"units":3`, `"units":4`, 1)
		}
		s, err := keras.Parse([]byte(text))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := Build(s, Options{Batch: 1, Training: true, Losses: []*loss.Loss{lossNamed(t, "mse")}}); err != nil {
			t.Error(err)
		}
	}
	if got, want := len(knownActivations()), len(keras.Activations()); got != want {
		t.Errorf("%d activations, package keras has %d", got, want)
	}
}

// TestHardSigmoid: Keras 3 has another slope than the versions before.
func TestHardSigmoid(t *testing.T) {
	for version, want := range map[string]kernels.Activation{
		"": kernels.HardSigmoid, "3.15.1": kernels.HardSigmoid, "2.21.0": kernels.HardSigmoidV2, "2.1.6": kernels.HardSigmoidV2,
	} {
		b := &builder{spec: &keras.Spec{Version: version}}
		if got, _ := b.elementwiseOf("hard_sigmoid"); got != want {
			t.Errorf("version %q: %v, want %v", version, got, want)
		}
	}
}

// Each step has one mask: an output with a loss for every place of a step has none to bring together with it.
func TestMaskOfSeveralDimensions(t *testing.T) {
	s, err := keras.Parse([]byte(`{"class_name":"Sequential","config":[
{"class_name":"Masking","config":{"name":"m","batch_input_shape":[null,3,4]}},
{"class_name":"TimeDistributed","config":{"name":"t","layer":{"class_name":"Reshape","config":{"name":"r","target_shape":[2,2]}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	l, err := loss.New(params.Call{Name: "mean_squared_error"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = LabelShape(s, 0, l)
	if want := "its 3 steps have a mask, and each has a loss for every place of [2]"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
