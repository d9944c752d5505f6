package pipelines

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// TestFitSlices: a network whose batches are cut into slices gives the same bits with any number of workers, which share the
// slices of a lone shard, also where the slices meet for batch normalisation.
func TestFitSlices(t *testing.T) {
	for name, network := range map[string]struct {
		layers string
		batch  int
	}{
		"dropout": {`{"class_name":"Dropout","config":{"name":"drop","rate":0.5}},
{"class_name":"Conv2D","config":{"name":"c2","filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu"}}`, 32},
		"batch normalisation": {`{"class_name":"BatchNormalization","config":{"name":"bn","axis":[3]}},
{"class_name":"Conv2D","config":{"name":"c2","filters":48,"kernel_size":[3,3],"padding":"same","activation":"relu"}}`, 64},
	} {
		t.Run(name, func(t *testing.T) { fitSlices(t, network.layers, network.batch) })
	}
}

func fitSlices(t *testing.T, layers string, batch int) {
	store := fileStore(t)
	rows := make([][]any, 64)
	for i := range rows {
		x := make([]float32, 16*16*4)
		for j := range x {
			x[j] = float32((i*31+j*17)%23) / 23
		}
		rows[i] = []any{table.Array{Elems: anyOf(x), Shape: []int{16, 16, 4}}, i % 3}
	}
	writeTable(t, store, "images", table.Schema{{Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.Int32Type}}, rows...)
	env := Env{Store: store}
	if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "images", Output: "packed", Dependent: "y", Independent: "x"}); err != nil {
		t.Fatal(err)
	}
	arch := []byte(`{"class_name":"Sequential","config":[
{"class_name":"Conv2D","config":{"name":"c1","batch_input_shape":[null,16,16,4],"filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
` + layers + `,
{"class_name":"GlobalAveragePooling2D","config":{"name":"g"}},
{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax"}}]}`)
	if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: arch}); err != nil {
		t.Fatal(err)
	}
	const compile = "loss='categorical_crossentropy', optimizer='adam'"
	step, err := Plan(t.Context(), env, PlanOptions{ArchTable: "arch", ID: 1, Step: PlanFit, Batch: batch, Compile: compile})
	if err != nil || step.Slices < 2 {
		t.Fatalf("%d slices, %v", step.Slices, err)
	}
	var want []byte
	for _, runner := range jobtest.Runners() {
		for _, workers := range []int{1, 2, 4} {
			name := fmt.Sprint("model_", runner, workers)
			_, err := Fit(t.Context(), Env{Store: store, Runner: runner, Workers: workers}, FitOptions{
				Source: "packed", Model: name, ArchTable: "arch", ID: 1, Compile: compile, Fit: fmt.Sprintf("batch_size=%d, epochs=2", batch), Iterations: 2, Seed: 3,
			})
			if err != nil {
				t.Fatal(err)
			}
			got := modelWeights(t, store, name)
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s with %d workers: other weights", runner, workers)
			}
		}
	}
}

func anyOf(x []float32) []any {
	all := make([]any, len(x))
	for i, v := range x {
		all[i] = v
	}
	return all
}
