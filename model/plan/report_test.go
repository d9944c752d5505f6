package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
)

// normJSON has a batch normalisation, so that the slices of its batches meet twice.
const normJSON = `{"class_name":"Sequential","config":[
	{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"use_bias":false}},
	{"class_name":"BatchNormalization","config":{"name":"bn","axis":[1]}},
	{"class_name":"Dense","config":{"name":"d2","units":3}}]}`

// slicePlans are the plans of slices of so many rows each, with the mean squared error.
func slicePlans(t *testing.T, json string, rows ...int) (*keras.Spec, []*Plan) {
	t.Helper()
	spec, err := keras.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	mse, _ := loss.ByName("mse")
	whole := 0
	for _, n := range rows {
		whole += n
	}
	var plans []*Plan
	for _, n := range rows {
		g, err := graph.Build(spec, graph.Options{Batch: n, Whole: whole, Slices: len(rows), Training: true, Losses: []*loss.Loss{mse}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(g, stub{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	return spec, plans
}

func splitOf(t *testing.T, spec *keras.Spec, plans []*Plan, optimizer string, parts int) *Split {
	t.Helper()
	s, err := NewSplit(spec, stub{}, plans, optimizerOf(t, optimizer), parts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func optimizerOf(t *testing.T, text string) *optimizer.Optimizer {
	t.Helper()
	compile, err := params.ParseCompile("loss='mse', optimizer=" + text)
	if err != nil {
		t.Fatal(err)
	}
	opt, err := optimizer.New(compile.Optimizer)
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

// TestCallsText: the description of a cut training step is known.
func TestCallsText(t *testing.T) {
	spec, plans := slicePlans(t, `{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"relu"}},
		{"class_name":"Dense","config":{"name":"d2","units":3}}]}`, 2, 2)
	s := splitOf(t, spec, plans, "'adam'", 2)
	var b strings.Builder
	for _, c := range s.Calls(spec) {
		fmt.Fprintln(&b, c.Stage, c.Count, c.Operation, c.Reads, c.Writes, c.Bytes, c.FLOP)
	}
	want := `1 2 dense [batch+0[2x4] d1/kernel[4x5] d1/bias[5]] [work+0[2x5]] 344 160
1 2 dense [work+0[2x5] d2/kernel[5x3] d2/bias[3]] [work+32[2x3]] 272 120
1 2 loss.grad [work+32[2x3] batch+16[2x3] batch+32[2]] [work+32[2x3]] 160 0
1 2 bias.grad [work+32[2x3]] [gradient of d2/bias[3]] 72 0
1 2 dense.dx [work+32[2x3] d2/kernel[5x3]] [work+16[2x5]] 248 120
1 2 dense.dw [work+0[2x5] work+32[2x3]] [gradient of d2/kernel[5x3]] 248 120
1 2 activation.bias.grad [work+0[2x5] work+16[2x5]] [work+16[2x5] gradient of d1/bias[5]] 280 0
1 2 dense.dw [batch+0[2x4] work+16[2x5]] [gradient of d1/kernel[4x5]] 304 160
2 2 add [gradient of d1/kernel to d2/kernel[32] gradient of d1/kernel to d2/kernel in slice 2[32]] [gradient of d1/kernel to d2/kernel[32]] 516 0
2 2 update [gradient of d1/kernel to d2/kernel[32]] [d1/kernel to d2/kernel[32] slot 1 of d1/kernel to d2/kernel[32] slot 2 of d1/kernel to d2/kernel[32]] 688 0
`
	if got := b.String(); got != want {
		t.Errorf("calls\n%swant\n%s", got, want)
	}
}

// TestCallsOfMeetings: a slice's calls are in stages that end where slices meet, and averages move once, with the update.
func TestCallsOfMeetings(t *testing.T) {
	spec, plans := slicePlans(t, normJSON, 2, 3)
	var b strings.Builder
	for _, c := range splitOf(t, spec, plans, "'sgd'", 2).Calls(spec) {
		fmt.Fprintln(&b, c.Stage, c.Count, c.Operation, c.Reads, c.Writes)
	}
	want := `1 2 dense [batch+0[2x4] d1/kernel[4x5]] [work+0[2x5]]
1 2 batchnorm.sums [work+0[2x5]] [shared+0[20]]
2 2 batchnorm [work+0[2x5] bn/gamma[5] bn/beta[5] shared+0[40]] [work+16[2x5] work+64[5] work+80[5] work+96[5]]
2 2 dense [work+16[2x5] d2/kernel[5x3] d2/bias[3]] [work+48[2x3]]
2 2 loss.grad [work+48[2x3] batch+16[2x3] batch+32[2]] [work+48[2x3]]
2 2 bias.grad [work+48[2x3]] [gradient of d2/bias[3]]
2 2 dense.dx [work+48[2x3] d2/kernel[5x3]] [work+32[2x5]]
2 2 dense.dw [work+16[2x5] work+48[2x3]] [gradient of d2/kernel[5x3]]
2 2 batchnorm.grad.sums [work+0[2x5] work+32[2x5] work+64[5] work+96[5]] [shared+48[20] gradient of bn/gamma[5] gradient of bn/beta[5]]
3 2 batchnorm.grad [work+0[2x5] work+32[2x5] bn/gamma[5] work+64[5] work+96[5] shared+48[40]] [work+32[2x5]]
3 2 dense.dw [batch+0[2x4] work+32[2x5]] [gradient of d1/kernel[4x5]]
4 2 add [gradient of d1/kernel to d2/kernel[32] gradient of d1/kernel to d2/kernel in slice 2[32]] [gradient of d1/kernel to d2/kernel[32]]
4 3 update [gradient of d1/kernel to bn/beta[30]] [d1/kernel to bn/beta[30]]
4 1 moving [work+64[5] bn/moving_mean[5]] [bn/moving_mean[5]]
4 1 moving [work+80[5] bn/moving_variance[5]] [bn/moving_variance[5]]
`
	if got := b.String(); got != want {
		t.Errorf("calls\n%swant\n%s", got, want)
	}
}
