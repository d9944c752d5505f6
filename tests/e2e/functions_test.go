package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFunctions is a user's way with a loss and metrics of their own, on both stores: from a file with Python to predictions.
func TestFunctions(t *testing.T) {
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			data := filepath.Join(t.TempDir(), "rows.csv")
			writeRows(t, data, 500)
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			u.beamfit("preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--shards", "2")
			says := func(want string, args ...string) {
				t.Helper()
				if out := u.beamfit(args...); strings.TrimSpace(out) != want {
					t.Errorf("%q: %s, want %s", args, out, want)
				}
			}
			says("functions: function focal loaded with id 1", "load-function", "functions", "testdata/focal.py", "--name", "focal")
			says("functions: function rmse loaded with id 2", "load-function", "functions", "--name", "rmse", "--text", "sqrt(mean(square(y_true - y_pred), axis=-1))")
			says("functions: function top_1_accuracy loaded", "load-top-k", "functions", "1")
			fit := []string{
				"fit", "packed", "model", "--arch", "arch", "--id", "1", "--iterations", "3", "--functions", "functions",
				"--compile", "loss='focal', optimizer='adam', metrics=['rmse', 'top_1_accuracy', 'accuracy']",
			}
			u.beamfit(fit...)
			out := u.beamfit("show", "model_summary", "--format", "csv", "--columns", "object_table,loss_type,metrics_type")
			if want := "functions,focal,\"{rmse,top_1_accuracy,accuracy}\""; !strings.Contains(out, want) {
				t.Errorf("summary %s, want %s", out, want)
			}
			u.beamfit("evaluate", "model", "packed", "scores")
			u.beamfit("predict", "model", "rows", "predicted", "--id-column", "id", "--independent", "x")

			refuses := func(want string, args ...string) {
				t.Helper()
				if out, err := u.try(args...); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q: %s, %v; want an error that says %s", args, out, err, want)
				}
			}
			pickle := filepath.Join(t.TempDir(), "focal.dill")
			if err := os.WriteFile(pickle, []byte("\x80\x04\x95\x1c\x00\x00\x00K\x01."), 0o600); err != nil {
				t.Fatal(err)
			}
			refuses("function x: the object is a Python pickle", "load-function", "functions", pickle, "--name", "x")
			refuses("function x, line 2, position 3: if is not read", "load-function", "functions", "--name", "x", "--text", "def x(a, b):\n  if a: return b")
			refuses("must be given once: as FILE or with --text", "load-function", "functions", "--name", "x")
			refuses("one of Keras' losses and metrics", "load-function", "functions", "--name", "mae", "--text", "y_pred")
			refuses("--id or --name", "delete-function", "functions")
			refuses("K: expected a whole number of 1 or more", "load-top-k", "functions", "0")
			refuses(`unknown loss "focal"`, "fit", "packed", "m", "--arch", "arch", "--id", "1", "--iterations", "1", "--compile", "loss='focal', optimizer='adam'")

			says("functions: function focal deleted", "delete-function", "functions", "--name", "focal")
			refuses("there is no function focal", append(fit, "--replace")...)
			says("functions: function with id 2 deleted", "delete-function", "functions", "--id", "2")
			says("functions: function top_1_accuracy deleted", "delete-function", "functions", "--name", "top_1_accuracy")
			refuses("functions", "show", "functions")
			refuses("the model was trained with functions of its user's own", "evaluate", "model", "packed", "scores", "--replace")
		})
	}
}
