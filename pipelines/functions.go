package pipelines

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// LoadFunction adds a loss or metric to an object table, which it creates where there is none, and returns the function's id: one more
// than the highest there, or 1. The text is checked as far as it can be without a network; it is stored unchanged and never run. A name
// that is in the table, without Replace, or that is one of Keras', is an error.
func LoadFunction(ctx context.Context, env Env, opt LoadFunctionOptions) (int, error) {
	j, err := env.begin(ctx, "load-function")
	if err != nil {
		return 0, err
	}
	defer j.End()
	if err := CheckFunction(opt); err != nil {
		return 0, err
	}
	return tables.AddFunction(ctx, j.Store, opt.Table, tables.Function{Name: opt.Name, Text: opt.Text, Description: opt.Description}, opt.Replace)
}

// CheckFunction makes the checks of LoadFunction that need no store.
func CheckFunction(opt LoadFunctionOptions) error {
	if err := checkFunctionName(opt.Name); err != nil {
		return argument.Of(err)
	}
	if tables.IsPickle([]byte(opt.Text)) {
		return argument.Data(tables.PickleError(opt.Name))
	}
	f, err := expr.Parse(opt.Name, opt.Text)
	if err == nil {
		err = f.Check()
	}
	return argument.Data(err)
}

// LoadTopK adds the metric top_K_accuracy to an object table and returns its name: 1 where fewer than K predictions of a row are higher
// than that of its class.
func LoadTopK(ctx context.Context, env Env, opt LoadTopKOptions) (string, error) {
	j, err := env.begin(ctx, "load-top-k")
	if err != nil {
		return "", err
	}
	defer j.End()
	if opt.K < 1 {
		return "", argument.Errorf("K must be at least 1, found %d", opt.K)
	}
	name := fmt.Sprintf("top_%d_accuracy", opt.K)
	description := "returns " + name
	_, err = tables.AddFunction(ctx, j.Store, opt.Table, tables.Function{
		Name: name, Description: &description, Text: fmt.Sprintf("top_k_categorical_accuracy(y_true, y_pred, k=%d)", opt.K),
	}, opt.Replace)
	return name, err
}

// checkFunctionName: compile parameters must be able to name it, and mean nothing else by it.
func checkFunctionName(name string) error {
	if name == "" {
		return errors.New("the name of the function is empty")
	}
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) || r == utf8.RuneError {
			return fmt.Errorf("the name of a function must consist of letters, digits and _, and not begin with a digit, found %q", name)
		}
	}
	if metric.OfKeras(name) {
		return fmt.Errorf("the name %s is one of Keras' losses and metrics, which would be used instead: expected another one", name)
	}
	return nil
}

// DeleteFunction removes a function from an object table, and the table with its last function.
func DeleteFunction(ctx context.Context, env Env, opt DeleteFunctionOptions) error {
	j, err := env.begin(ctx, "delete-function")
	if err != nil {
		return err
	}
	defer j.End()
	if opt.Name != "" && opt.ID != 0 {
		return argument.Errorf("the function is given twice: by its id and by its name")
	}
	return tables.DeleteFunction(ctx, j.Store, opt.Table, opt.Name, opt.ID)
}
