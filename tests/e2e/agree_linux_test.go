package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// weights is what this prints: beamfit show MODEL --columns model_weights --format csv | sha256sum
func (u user) weights(model string) string {
	u.t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256([]byte(u.beamfit("show", model, "--columns", "model_weights", "--format", "csv"))))
}

// TestEnginesAgree prints the table of docs/reliability.md: the SHA-256 of the weights of two networks on every engine.
func TestEnginesAgree(t *testing.T) {
	if !*clusterFlag {
		t.Skip("takes minutes: scripts/flink test")
	}
	u := fileUser(t)
	u.beamfit("import", "../../cmd/beamfit/internal/iris/iris.csv", "iris", "--types", irisTypes)
	u.beamfit("load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json")
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 4000)
	u.beamfit("import", data, "larger", "--types", "id integer, x real[], label text")
	u.beamfit("load-model", "arch", largerModel(t))

	embedded := flinktest.Start(t, "embedded")
	cluster := flinktest.Start(t, "up", fmt.Sprint("TASKMANAGERS=", len(taskManagers)))
	engines := append(localEngines[:len(localEngines):len(localEngines)],
		flinkEngine(embedded, "Flink, embedded", "--parallelism", "1"),
		flinkEngine(cluster, "Flink, two TaskManagers", "--parallelism", "2"))
	var out strings.Builder
	out.WriteString("| network | shards |")
	for _, e := range engines {
		out.WriteString(" " + e.name + " |")
	}
	out.WriteString("\n|" + strings.Repeat("---|", 2+len(engines)) + "\n")
	for i, network := range []struct {
		name, rows, dependent, independent, bufferSize string
	}{
		{"iris MLP, 193 weights", "iris", "class_text", "attributes", "10"},
		{"MLP of 20-1000-500-3, 523,003 weights", "larger", "label", "x", "250"},
	} {
		for _, shards := range []int{2, 8} {
			packed := fmt.Sprintf("%s_%d", network.rows, shards)
			u.beamfit("preprocess", network.rows, packed, "--dependent", network.dependent, "--independent", network.independent,
				"--shards", fmt.Sprint(shards), "--buffer-size", network.bufferSize)
			fmt.Fprintf(&out, "| %s | %d |", network.name, shards)
			var want string
			for k, e := range engines {
				model := fmt.Sprintf("%s_model_%d", packed, k)
				u.beamfit(append([]string{
					"fit", packed, model, "--arch", "arch", "--id", fmt.Sprint(i + 1), "--compile", compile, "--iterations", "3", "--seed", "1",
				}, e.flags...)...)
				got := u.weights(model)
				if k == 0 {
					want = got
				}
				if got != want {
					t.Errorf("%s, %d shards on %s: SHA-256 %s of the weights, that of %s is %s", network.name, shards, e.name, got, engines[0].name, want)
				}
				fmt.Fprintf(&out, " `%.12s` |", got)
			}
			out.WriteString("\n")
		}
	}
	t.Logf("\n%s", out.String())
}

// largerModel is a network of 2 MB of weights for the rows of writeRows.
func largerModel(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "larger.json")
	const model = `{"class_name": "Sequential", "keras_version": "2.2.4", "config": [
 {"class_name": "Dense", "config": {"name": "one", "units": 1000, "activation": "relu", "batch_input_shape": [null, 20]}},
 {"class_name": "Dense", "config": {"name": "two", "units": 500, "activation": "relu"}},
 {"class_name": "Dense", "config": {"name": "out", "units": 3, "activation": "softmax"}}]}`
	if err := os.WriteFile(path, []byte(model), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
