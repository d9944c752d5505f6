package trainer_test

import (
	"context"
	"fmt"
	"log"

	"github.com/beamfit/beamfit/model/initializer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// One shard, trained for some iterations, scored and asked.
func ExampleModel_Train() {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": [
		{"class_name": "Dense", "config": {"name": "line", "batch_input_shape": [null, 1], "units": 1, "activation": "linear"}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	compile, err := params.ParseCompile("loss='mse', optimizer=SGD(lr=0.1)")
	if err != nil {
		log.Fatal(err)
	}
	fit, err := params.ParseFit("batch_size=4, epochs=50")
	if err != nil {
		log.Fatal(err)
	}
	model, err := trainer.New(trainer.Config{Spec: spec, Compile: *compile})
	if err != nil {
		log.Fatal(err)
	}

	// Four rows of y = 2x + 1, in one buffer.
	data := trainer.Buffers{{
		Inputs:  [][]float32{{-1, 0, 1, 2}},
		Labels:  [][]int16{nil},
		Numbers: [][]float32{{-1, 1, 3, 5}},
		N:       4,
	}}
	ctx := context.Background()
	weights, state := initializer.Fill(spec, 1), model.NewState()
	for iteration := range 5 {
		r, err := model.Train(ctx, trainer.TrainInput{Data: data, Weights: weights, State: state, Fit: *fit, Seed: 1, Iteration: iteration + 1})
		if err != nil {
			log.Fatal(err)
		}
		weights, state = r.Weights, r.State
	}
	score, err := model.Evaluate(ctx, data, weights)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("y = %.2f x + %.2f, loss below 1e-6: %t\n", weights[0], weights[1], score.Loss() < 1e-6)

	y := make([]float32, 2)
	if err := model.Predict(ctx, [][]float32{{10, 100}}, 2, weights, [][]float32{y}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", y)
	// Output:
	// y = 2.00 x + 1.00, loss below 1e-6: true
	// [21.0 201.0]
}
