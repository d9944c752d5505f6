package pipelines_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "github.com/beamfit/beamfit/io/fileio" // links the folder store in
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// network is what Keras' model.to_json() gives.
const network = `{"class_name": "Sequential", "config": {"name": "flowers", "layers": [
	{"class_name": "Dense", "config": {"name": "hidden", "batch_input_shape": [null, 2], "units": 8, "activation": "relu"}},
	{"class_name": "Dense", "config": {"name": "species", "units": 3, "activation": "softmax"}}]}}`

// newStore is a store in a folder, with the table flowers of 60 rows.
func newStore(ctx context.Context) (store table.Store, remove func(), err error) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		return nil, nil, err
	}
	if store, err = table.Open(ctx, "file:"+filepath.Join(dir, "store")); err != nil {
		return nil, nil, err
	}
	rows := table.NewBatch(table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "petal", Type: table.Float32ArrayType}, // length and width in cm
		{Name: "species", Type: table.TextType},
	})
	for id := range 60 {
		some := float32(id%7) / 20
		kind := id % 3
		petal := [][]float32{{1.3 + some, 0.2}, {4.2 + some, 1.3}, {5.6 + some, 2.1}}[kind]
		if err := rows.Append(id, petal, []string{"setosa", "versicolor", "virginica"}[kind]); err != nil {
			return nil, nil, err
		}
	}
	name, err := table.ParseName("flowers")
	if err != nil {
		return nil, nil, err
	}
	out, err := store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: name, Schema: rows.Schema}}})
	if err != nil {
		return nil, nil, err
	}
	defer out.Abort(ctx)
	w, err := store.Append(ctx, table.Part{Output: out.ID(), Key: "all"})
	if err != nil {
		return nil, nil, err
	}
	if err := w.Write(ctx, rows); err != nil {
		return nil, nil, err
	}
	if err := w.Close(ctx); err != nil {
		return nil, nil, err
	}
	remove = func() {
		_ = store.Close()
		_ = os.RemoveAll(dir)
	}
	return store, remove, out.Commit(ctx)
}

// train takes the rows of flowers from split to fit.
func train(ctx context.Context, env pipelines.Env) (pipelines.FitResult, error) {
	_, err := pipelines.Split(ctx, env, pipelines.SplitOptions{Source: "flowers", Root: "part", Train: 0.8, Separate: true, Seed: 1})
	if err != nil {
		return pipelines.FitResult{}, err
	}
	_, err = pipelines.Preprocess(ctx, env, pipelines.PreprocessOptions{
		Source: "part_train", Output: "packed", Dependent: "species", Independent: "petal", Shards: 2, Seed: 1,
	})
	if err != nil {
		return pipelines.FitResult{}, err
	}
	return pipelines.Fit(ctx, env, pipelines.FitOptions{
		Source: "packed", Model: "model", Arch: []byte(network),
		Compile:    "loss='categorical_crossentropy', optimizer=Adam(lr=0.05), metrics=['accuracy']",
		Fit:        "batch_size=8, epochs=10",
		Iterations: 10, Seed: 1,
	})
}

// From the rows of a table to the predictions for those that were held back.
func ExampleFit() {
	ctx := context.Background()
	store, remove, err := newStore(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer remove()
	env := pipelines.Env{Store: store}
	trained, err := train(ctx, env)
	if err != nil {
		log.Fatal(err)
	}
	predicted, err := pipelines.Predict(ctx, env, pipelines.PredictOptions{
		Model: "model", Test: "part_test", Output: "predicted", IDColumn: "id", Independent: "petal", Type: "response",
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range trained.TrainingMetrics {
		fmt.Printf("%s %.2f\n", m.Name, m.Value)
	}
	fmt.Println(predicted.Predictions, "predictions")
	// Output:
	// accuracy 1.00
	// 12 predictions
}

// A model of a table predicts rows that are in no table.
func ExampleOpenModel() {
	ctx := context.Background()
	store, remove, err := newStore(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer remove()
	if _, err := train(ctx, pipelines.Env{Store: store}); err != nil {
		log.Fatal(err)
	}
	model, err := pipelines.OpenModel(ctx, store, "model")
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range model.Weights {
		fmt.Println(w.Layer, w.Name, w.Shape)
	}
	rows := [][]float32{{1.4, 0.2}, {5.7, 2.2}}
	predictions, err := model.Predict(ctx, rows)
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range predictions {
		fmt.Println(rows[i], *p[0].Label, p[0].Classes[0].Prob > 0.5)
	}
	// Output:
	// hidden kernel [2 8]
	// hidden bias [8]
	// species kernel [8 3]
	// species bias [3]
	// [1.4 0.2] setosa true
	// [5.7 2.2] virginica true
}
