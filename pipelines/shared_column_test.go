package pipelines

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
)

// twiceJSON is a network of two numbers, and of the bins that their digits are hashed to.
func twiceJSON() []byte {
	return []byte(`{"class_name":"Functional","config":{"name":"twice","layers":[` + strings.Join([]string{
		inputJSON("numbers", "2", "float32"), inputJSON("tokens", "2", "int64"),
		layerJSON("BatchNormalization", "scaled", "", "numbers"),
		layerJSON("Hashing", "bins", `"num_bins":64,"output_mode":"multi_hot"`, "tokens"),
		layerJSON("Concatenate", "joined", `"axis":-1`, "scaled", "bins"),
		layerJSON("Dense", "sold", `"units":2,"activation":"softmax"`, "joined"),
	}, ",") + `],"input_layers":[["numbers",0,0],["tokens",0,0]],"output_layers":[["sold",0,0]]},"keras_version":"2.15.0","backend":"tensorflow"}`)
}

// A column that is an input as it is, and looked up besides, is rounded for the input alone.
func TestColumnTwice(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env, ctx := Env{Store: store}, t.Context()
		defer dropTables(t, store)
		schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "ids", Type: table.Int64Type.ArrayOf()}, {Name: "sold", Type: table.TextType}}
		var rows [][]any
		for i := range 20 {
			rows = append(rows, []any{i, []int64{123456789 + int64(i), 1<<40 + 3*int64(i)}, []string{"no", "yes"}[i%2]})
		}
		writeTable(t, store, "sales", schema, rows...)
		loadArch(t, store, twiceJSON())
		_, err := Preprocess(ctx, env, PreprocessOptions{
			Source: "sales", Output: "packed", Dependent: "sold", Independent: "ids, [ids] AS tokens", ArchTable: "arch", ID: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		bins := (&lookup.Lookup{Layer: lookup.Hashing, Bins: 64, Numbers: "int64"}).Encoder()
		var made, packed [][]float32 // the row's numbers, then their bins
		for _, row := range rows {
			of := make([]float32, 4)
			for k, id := range row[1].([]int64) {
				bin, err := bins.Index(fmt.Sprint(id))
				if err != nil {
					t.Fatal(err)
				}
				of[k], of[2+k] = float32(id), float32(bin)
			}
			made = append(made, of)
		}
		for _, b := range readPacked(t, store, "packed", []string{"ids", "tokens"}, nil) {
			for row := range len(b.inputs[0]) / 2 {
				packed = append(packed, slices.Concat(b.inputs[0][2*row:2*row+2], b.inputs[1][2*row:2*row+2]))
			}
		}
		slices.SortFunc(made, slices.Compare)
		slices.SortFunc(packed, slices.Compare)
		if d := cmp.Diff(made, packed); d != "" {
			t.Error(d)
		}
		fit := FitOptions{Source: "packed", Model: "model", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='categorical_crossentropy', optimizer='adam'"}
		if _, err := Fit(ctx, env, fit); err != nil {
			t.Fatal(err)
		}
		if _, err := Predict(ctx, env, PredictOptions{Model: "model", Test: "sales", Output: "predicted", IDColumn: "id"}); err != nil {
			t.Fatal(err)
		}
		model, err := OpenModel(ctx, store, "model")
		if err != nil {
			t.Fatal(err)
		}
		inMemory, err := model.PredictRows(ctx, readTable(t, store, "sales"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, row := range inMemory {
			for rank, c := range row[0].Classes {
				want = append(want, fmt.Sprintf("%d|sold|%s|%s|%d", i, *c.Value, table.FloatText(c.Prob, 64), rank+1))
			}
		}
		slices.Sort(want)
		if d := cmp.Diff(want, predictions(t, store, "predicted")); d != "" {
			t.Error(d)
		}
	})
}
