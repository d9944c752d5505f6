package e2e

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const kills = 10

// TestKill kills commands with SIGKILL at random moments. After each kill the output is either absent or whole, and the
// same command then succeeds.
func TestKill(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 20_000)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			random := rand.New(rand.NewPCG(seed, 1))
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			preprocess := func(out string) []string {
				return []string{"preprocess", "rows", out, "--dependent", "label", "--independent", "x", "--shards", "2", "--buffer-size", "500"}
			}
			fit := func(out string) []string {
				return []string{
					"fit", "packed", out, "--arch", "arch", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy']",
					"--fit", "batch_size=32", "--iterations", "20", "--metrics-every", "1",
				}
			}
			predict := func(out string) []string {
				return []string{"predict", "model", "rows", out, "--id-column", "id", "--independent", "x"}
			}
			u.beamfit(preprocess("packed")...)
			u.beamfit(fit("model")...)
			for _, job := range []struct {
				name   string
				args   func(string) []string
				tables []string // suffixes of the tables that appear together
				rows   []string // their numbers of rows
			}{
				{"preprocess", preprocess, []string{"", "_summary"}, []string{"40", "1"}},
				{"fit", fit, []string{"", "_summary"}, []string{"1", "1"}},
				{"predict", predict, []string{""}, []string{"60000"}},
			} {
				t.Run(job.name, func(t *testing.T) {
					u := u
					u.t = t
					start := time.Now()
					u.beamfit(job.args(job.name + "_whole")...)
					whole := time.Since(start)
					for i := range kills {
						out := fmt.Sprintf("%s_%d", job.name, i)
						cmd := u.command(context.Background(), job.args(out)...)
						if err := cmd.Start(); err != nil {
							t.Fatal(err)
						}
						after := time.Duration(random.Float64() * float64(whole))
						time.Sleep(after)
						u.kill(cmd)
						exists := 0
						for k, suffix := range job.tables {
							if rows, ok := u.count(out + suffix); ok {
								exists++
								if rows != job.rows[k] {
									t.Errorf("killed after %v: table %s has %s rows, expected %s or no table", after, out+suffix, rows, job.rows[k])
								}
							}
						}
						switch exists {
						case len(job.tables):
							continue // the kill came after the commit
						case 0:
							u.beamfit(job.args(out)...)
						default:
							t.Errorf("killed after %v: %d of the %d tables of %s exist", after, exists, len(job.tables), out)
						}
					}
				})
			}
		})
	}
}

// count is the number of rows that a table shows, and whether it exists.
func (u user) count(table string) (string, bool) {
	u.t.Helper()
	job, _, _ := strings.Cut(table, "_")
	for _, suffix := range []string{"_summary", "_checkpoint"} {
		if strings.HasSuffix(table, suffix) {
			job += suffix
		}
	}
	out, err := u.try("show", table, "--columns", smallColumn[job], "--format", "csv")
	if err != nil {
		if !strings.Contains(err.Error(), "does not exist") {
			u.t.Fatalf("show %s: %v", table, err)
		}
		return "", false
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		u.t.Fatal(err)
	}
	return fmt.Sprint(len(rows) - 1), true
}

// smallColumn is a small column of each job's tables.
var smallColumn = map[string]string{
	"preprocess": "buffer_id", "preprocess_summary": "buffer_size",
	"fit": "model_arch", "fit_summary": "model",
	"predict": "id",
	"killed":  "model_arch", "killed_checkpoint": "key",
}

// writeRows writes n rows of 20 features and three classes.
func writeRows(t *testing.T, path string, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("id,x,label\n")
	for i := range n {
		label := random.IntN(3)
		fmt.Fprintf(&b, "%d,\"{", i)
		for j := range 20 {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%.3f", random.NormFloat64()+float64(label*(j%2)))
		}
		fmt.Fprintf(&b, "}\",%c\n", 'a'+label)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func modelFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.json")
	const model = `{"class_name": "Sequential", "keras_version": "2.2.4", "config": [
 {"class_name": "Dense", "config": {"name": "hidden", "units": 16, "activation": "relu", "batch_input_shape": [null, 20]}},
 {"class_name": "Dense", "config": {"name": "out", "units": 3, "activation": "softmax"}}]}`
	if err := os.WriteFile(path, []byte(model), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
