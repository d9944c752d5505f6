package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"gorgonia.org/gorgonia"
)

// A stub is a device that only counts.
type stub struct {
	Device
	err error
}

func (s stub) Scratch(*Instr) (int, error) { return 3, s.err }

func smallGraph(t *testing.T) *graph.Graph {
	t.Helper()
	return build(t, `{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"relu"}},
		{"class_name":"Flatten","config":{"name":"f"}},
		{"class_name":"Dense","config":{"name":"d2","units":3}}]}`, graph.Options{Batch: 2})
}

func build(t *testing.T, json string, o graph.Options) *graph.Graph {
	t.Helper()
	spec, err := keras.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Build(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestFusion: an activation and a dropout join the layer before them wherever they are written, and the gradients of the
// dropout, the activation and the bias are one call that needs only the layer's result.
func TestFusion(t *testing.T) {
	mse, err := loss.New(params.Call{Name: "mse"})
	if err != nil {
		t.Fatal(err)
	}
	text := func(hidden string) string {
		g := build(t, `{"class_name":"Sequential","config":[`+hidden+`,
			{"class_name":"Dropout","config":{"name":"drop","rate":0.5}},
			{"class_name":"Dense","config":{"name":"d2","units":3}}]}`, graph.Options{Batch: 2, Training: true, Losses: []*loss.Loss{mse}})
		p, err := Compile(g, stub{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.String()
	}
	within := text(`{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"relu"}}`)
	apart := text(`{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5}},
		{"class_name":"Activation","config":{"name":"a","activation":"relu"}}`)
	if apart = strings.ReplaceAll(apart, "Stream:2", "Stream:1"); apart != within { // streams count layers
		t.Errorf("an Activation of its own:\n%swithin the layer:\n%s", apart, within)
	}
	for name, hidden := range map[string]string{
		"penalty": `{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activity_regularizer":{"class_name":"L1L2","config":{"l1":0.0,"l2":0.1}}}},
			{"class_name":"Activation","config":{"name":"a","activation":"relu"}}`,
		"penalty as a layer": `{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5}},
			{"class_name":"ActivityRegularization","config":{"name":"p","l1":0.0,"l2":0.1}},
			{"class_name":"Activation","config":{"name":"a","activation":"relu"}}`,
	} {
		if got := text(hidden); strings.Count(got, "= dense{M:2 N:5 K:4 ") != 1 || !strings.Contains(got, "= activation{Act:relu}") {
			t.Errorf("%s: a layer that something else reads too is joined or computed twice:\n%s", name, got)
		}
	}
	for _, want := range []string{
		"   0  work[0:10] 2x5 = dense{M:2 N:5 K:4 Bias:true Then:relu, dropout{Rate:0.5 Stream:1}} batch[0:8] 2x4, weights[0:20] 4x5, weights[20:25]; ",
		"   1  work[32:38] 2x3 = dense{M:2 N:3 K:5 Bias:true Then:linear} work[0:10] 2x5, ",
		"work[16:26] 2x5 = activation.bias.grad{Size:{Rows:2 N:5} Act:relu Rate:0.5} work[0:10] 2x5, work[16:26] 2x5; side grads[20:25]; ",
	} {
		if !strings.Contains(within, want) {
			t.Errorf("plan\n%swithout %q", within, want)
		}
	}
	tanh := text(`{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"tanh"}}`)
	for _, want := range []string{"Then:tanh} ", "= dropout{Rate:0.5 Stream:1} "} { // tanh' needs the values that are dropped
		if !strings.Contains(tanh, want) {
			t.Errorf("plan\n%swithout %q", tanh, want)
		}
	}
}

// TestPlanText: the text of a plan shows each call with its places; the plan of a small network is known.
func TestPlanText(t *testing.T) {
	p, err := Compile(smallGraph(t), stub{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `batch 2, weights 43, grads 0, slots 0, batch 16, work 48, shared 0
   0  work[0:10] 2x5 = dense{M:2 N:5 K:4 Bias:true Then:relu} batch[0:8] 2x4, weights[0:20] 4x5, weights[20:25]; scratch work[16:19]
   1  work[16:22] 2x3 = dense{M:2 N:3 K:5 Bias:true Then:linear} work[0:10] 2x5, weights[25:40] 5x3, weights[40:43]; scratch work[32:35]
`
	if got := p.String(); got != want {
		t.Errorf("plan\n%swant\n%s", got, want)
	}
	if p.Outputs[0] != (Ref{Work, 16, 6}) || p.Inputs[0] != (Ref{Batch, 0, 8}) {
		t.Errorf("input %v, output %v", p.Inputs[0], p.Outputs[0])
	}
}

// TestFusionOfOneNode: a layer that gives its input on makes one node of two tensors, which counts the readers of both.
func TestFusionOfOneNode(t *testing.T) {
	node := func(class, name, config string, from ...string) string {
		for i, f := range from {
			from[i] = `["` + f + `",0,0,{}]`
		}
		inbound := ""
		if len(from) > 0 {
			inbound = "[" + strings.Join(from, ",") + "]"
		}
		return `{"class_name":"` + class + `","name":"` + name + `","config":{"name":"` + name + `"` + config + `},"inbound_nodes":[` + inbound + `]}`
	}
	g := build(t, `{"class_name":"Model","config":{"name":"m","layers":[`+strings.Join([]string{
		node("InputLayer", "x", `,"batch_input_shape":[null,4]`), node("Dense", "d", `,"units":5`, "x"), node("Identity", "same", "", "d"),
		node("Activation", "a", `,"activation":"relu"`, "same"), node("Add", "sum", "", "a", "d"),
	}, ",")+`],"input_layers":[["x",0,0]],"output_layers":[["sum",0,0]]}}`, graph.Options{Batch: 2})
	p, err := Compile(g, stub{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(p.String(), "= dense{"); n != 1 {
		t.Errorf("the layer is computed %d times:\n%v", n, p)
	}
}

func TestCompileRefuses(t *testing.T) {
	g := smallGraph(t)
	broken := errors.New("unknown opcode")
	if _, err := Compile(g, stub{err: broken}, nil); !errors.Is(err, broken) {
		t.Errorf("the device's error became %v", err)
	}
	product, err := gorgonia.HadamardProd(g.Outputs[0], g.Outputs[0])
	if err != nil {
		t.Fatal(err)
	}
	g.Outputs[0] = product
	if _, err := Compile(g, stub{}, nil); err == nil || !strings.Contains(err.Error(), "no opcode") {
		t.Errorf("an operation of Gorgonia's without opcode: %v", err)
	}
}
