package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
)

// TestDeepModels counts the nodes that Gorgonia passes when it looks for every node of a graph in that node's expression graph:
// with twice the layers at most 2.2 times as many.
func TestDeepModels(t *testing.T) {
	dense := func(i int) string {
		in := "in"
		if i > 0 {
			in = fmt.Sprint("d", i-1)
		}
		return layerJSON("Dense", fmt.Sprint("d", i), `,"units":2,"activation":"relu"`, in)
	}
	shortcut := func(i int) string {
		in := "in"
		if i > 0 {
			in = fmt.Sprint("a", i-1)
		}
		return layerJSON("Dense", fmt.Sprint("d", i), `,"units":2,"activation":"tanh"`, in) + "," +
			layerJSON("Add", fmt.Sprint("a", i), "", fmt.Sprint("d", i), in)
	}
	activation := func(i int) string {
		in := "in"
		if i > 0 {
			in = fmt.Sprint("t", i-1)
		}
		return layerJSON("Activation", fmt.Sprint("t", i), `,"activation":"tanh"`, in)
	}
	penalty := func(i int) string {
		return strings.Replace(dense(i), `"units"`, `"activity_regularizer":{"class_name":"L2","config":{"l2":0.1}},"units"`, 1)
	}
	for _, m := range []struct {
		name, last string
		layer      func(i int) string
	}{{"dense", "d", dense}, {"shortcuts", "a", shortcut}, {"activations", "t", activation}, {"penalties", "d", penalty}} {
		t.Run(m.name, func(t *testing.T) {
			passed := func(layers int) (nodes int) {
				g := deep(t, layers, m.last, m.layer)
				for _, sec := range g.sections.all {
					n := len(sec.expr.AllNodes())
					nodes += n * n / 2
				}
				return nodes
			}
			once, twice := passed(2000), passed(4000)
			if float64(twice) > 2.2*float64(once) {
				t.Errorf("%d nodes for 2000 layers, %d for 4000", once, twice)
			}
		})
	}
}

// deep is the training graph of a model of so many layers and a dense one.
func deep(t *testing.T, layers int, last string, layer func(i int) string) *Graph {
	t.Helper()
	text := []string{`{"class_name":"InputLayer","name":"in","config":{"name":"in","batch_input_shape":[null,2]},"inbound_nodes":[]}`}
	for i := range layers {
		text = append(text, layer(i))
	}
	text = append(text, layerJSON("Dense", "out", `,"units":2,"activation":"softmax"`, fmt.Sprint(last, layers-1)))
	spec, err := keras.Parse([]byte(`{"class_name":"Functional","config":{"name":"deep","layers":[` + strings.Join(text, ",") +
		`],"input_layers":[["in",0,0]],"output_layers":[["out",0,0]]}}`))
	if err != nil {
		t.Fatal(err)
	}
	g, err := Build(spec, Options{Batch: 2, Training: true, Losses: []*loss.Loss{lossNamed(t, "categorical_crossentropy")}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// layerJSON is a layer of a functional model with its inputs.
func layerJSON(class, name, config string, inputs ...string) string {
	var nodes []string
	for _, in := range inputs {
		nodes = append(nodes, fmt.Sprintf(`[%q,0,0,{}]`, in))
	}
	return fmt.Sprintf(`{"class_name":%q,"name":%q,"config":{"name":%q%s},"inbound_nodes":[[%s]]}`,
		class, name, name, config, strings.Join(nodes, ","))
}
