package main

import (
	"context"
	"path/filepath"

	"github.com/beamfit/beamfit/io/table"
)

// A quickstartStep is one command of the example, or a count over its tables.
type quickstartStep struct {
	comment string
	args    []string
	makes   []string // tables that the step makes
	// predicted is the table of predictions to hold against the true classes.
	predicted string
}

func (s quickstartStep) run(ctx context.Context, a *app) error {
	if s.predicted == "" {
		return a.command(ctx, s.args...)
	}
	var wrong, all int
	err := a.withStore(ctx, func(store table.Store) (err error) {
		wrong, all, err = misclassified(ctx, store, s.predicted, "iris_test")
		return err
	})
	if err != nil {
		return err
	}
	a.say("%d of %d rows are misclassified: test accuracy %.2f %%", wrong, all, 100*float64(all-wrong)/float64(all))
	return nil
}

// quickstartSteps is the example of MADlib's page, with the input files in dir.
func quickstartSteps(dir string) []quickstartStep {
	file := func(name string) string { return filepath.Join(dir, name) }
	command := func(comment string, args ...string) quickstartStep {
		return quickstartStep{comment: comment, args: args}
	}
	show := func(args ...string) quickstartStep { return command("", append([]string{"show"}, args...)...) }
	making := func(s quickstartStep, tables ...string) quickstartStep { s.makes = tables; return s }
	fit := func(comment, model, id string, more ...string) quickstartStep {
		return command(comment, append([]string{
			"fit", "iris_train_packed", model, "--arch", "model_arch_library", "--id", id,
			"--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']",
			"--fit", "batch_size=5, epochs=3", "--seed", "1",
		}, more...)...)
	}
	return []quickstartStep{
		making(command("Make a table of the 150 rows.",
			"import", file("iris.csv"), "iris_data", "--types", "id integer, attributes numeric[], class_text varchar"), "iris_data"),
		show("iris_data", "--order-by", "id", "--limit", "3"),
		making(command("Split it into training and test rows.",
			"split", "iris_data", "iris", "--train", "0.8", "--separate", "--seed", "0"), "iris_train", "iris_test"),

		making(command("Pack the training rows into buffers for three shards.",
			"preprocess", "iris_train", "iris_train_packed", "--dependent", "class_text", "--independent", "attributes", "--shards", "3", "--seed", "0"),
			"iris_train_packed", "iris_train_packed_summary"),
		show("iris_train_packed_summary", "--expanded"),
		making(command("Pack the test rows in the same way.",
			"preprocess", "iris_test", "iris_test_packed", "--dependent", "class_text", "--independent", "attributes", "--like", "iris_train_packed", "--shards", "3"),
			"iris_test_packed", "iris_test_packed_summary"),
		show("iris_test_packed_summary", "--expanded"),

		making(command("Load the network: Keras JSON with two hidden layers of 10 units.",
			"load-model", "model_arch_library", file("iris_mlp.json"), "--name", "Sophie", "--description", "A simple model"), "model_arch_library"),

		making(fit("Train it and look at the summary.", "iris_model", "1", "--iterations", "10"), "iris_model", "iris_model_summary"),
		show("iris_model_summary", "--expanded"),
		making(command("Evaluate the model on the test rows.", "evaluate", "iris_model", "iris_test_packed", "iris_validate"), "iris_validate"),
		show("iris_validate"),

		making(command("Predict the classes of the test rows.",
			"predict", "iris_model", "iris_test", "iris_predict", "--id-column", "id", "--independent", "attributes"), "iris_predict"),
		show("iris_predict", "--order-by", "id,rank", "--limit", "9"),
		{comment: "Count the rows of iris_test whose class_text is not the prediction of rank 1.", predicted: "iris_predict"},

		command("Bring your own model: load the network with the weights that were trained, and predict with it alone.",
			"load-model", "model_arch_library", file("iris_mlp.json"), "--weights-from", "iris_model", "--name", "Sophie, trained"),
		making(command("", "predict-byom", "model_arch_library", "2", "iris_test", "iris_predict_byom", "--id-column", "id", "--independent", "attributes",
			"--type", "response", "--classes", "Iris-setosa,Iris-versicolor,Iris-virginica", "--normalize", "1.0"), "iris_predict_byom"),
		show("iris_predict_byom", "--order-by", "id", "--limit", "5"),
		{comment: "Count the rows of iris_test whose class_text is not the prediction.", predicted: "iris_predict_byom"},

		making(fit("Train with a validation table, and compute metrics after every third iteration.", "iris_model_val", "1",
			"--iterations", "10", "--validation", "iris_test_packed", "--metrics-every", "3",
			"--name", "Sophie L.", "--description", "Simple MLP for iris dataset"), "iris_model_val", "iris_model_val_summary"),
		show("iris_model_val_summary", "--expanded"),

		fit("Warm start: go on from the weights of that model.", "iris_model_val", "1",
			"--iterations", "5", "--validation", "iris_test_packed", "--metrics-every", "1", "--warm-start",
			"--name", "Sophie L.", "--description", "Simple MLP for iris dataset"),
		show("iris_model_val_summary", "--expanded"),

		command("Transfer learning: the same network with its first layer frozen, from the weights of the first model.",
			"load-model", "model_arch_library", file("iris_transfer.json"), "--weights-from", "iris_model", "--name", "Maria", "--description", "A transfer model"),
		making(fit("", "iris_model_transfer", "3", "--iterations", "10"), "iris_model_transfer", "iris_model_transfer_summary"),
		show("iris_model_transfer_summary", "--expanded"),
	}
}
