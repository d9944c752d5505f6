package e2e

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestKillWhileReplacing kills commands with --replace at random moments. After each kill the tables are the old ones or the new ones,
// never one of each, and the same command then succeeds.
func TestKillWhileReplacing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 5_000)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			random := rand.New(rand.NewPCG(seed, 2))
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			pack := func(size string) []string {
				return []string{"preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--buffer-size", size, "--replace"}
			}
			u.beamfit(pack("500")...)
			fit := func(iterations string) []string {
				return []string{
					"fit", "packed", "model", "--arch", "arch", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='sgd'",
					"--fit", "batch_size=32", "--iterations", iterations, "--replace",
				}
			}
			u.beamfit(fit("5")...)
			split := func(proportion string) []string {
				return []string{"split", "rows", "part", "--train", proportion, "--separate", "--columns", "id", "--replace"}
			}
			predict := func(kind string) []string {
				return []string{"predict", "model", "rows", "predicted", "--id-column", "id", "--independent", "x", "--type", kind, "--replace"}
			}
			for _, job := range []struct {
				name string
				args [2][]string // the old and the new command
				show [][2]string // the tables, with a column of each that differs
			}{
				{"split", [2][]string{split("0.5"), split("0.75")}, [][2]string{{"part_train", "id"}, {"part_test", "id"}}},
				{"preprocess", [2][]string{pack("500"), pack("250")}, [][2]string{{"packed", "buffer_id"}, {"packed_summary", "buffer_size"}}},
				{"fit", [2][]string{fit("5"), fit("6")}, [][2]string{{"model", "model_weights"}, {"model_summary", "num_iterations"}}},
				{"predict", [2][]string{predict("response"), predict("prob")}, [][2]string{{"predicted", "id"}}},
			} {
				t.Run(job.name, func(t *testing.T) {
					u := u
					u.t = t
					look := func() (tables []string) {
						for _, s := range job.show {
							tables = append(tables, u.beamfit("show", s[0], "--columns", s[1], "--order-by", s[1], "--format", "csv"))
						}
						return tables
					}
					u.beamfit(job.args[1]...)
					made := look()
					u.beamfit(job.args[0]...)
					old := look()
					start := time.Now()
					u.beamfit(job.args[0]...)
					whole := time.Since(start)
					for range kills / 3 {
						cmd := u.command(context.Background(), job.args[1]...)
						if err := cmd.Start(); err != nil {
							t.Fatal(err)
						}
						after := time.Duration(random.Float64() * float64(whole))
						time.Sleep(after)
						u.kill(cmd)
						if got := look(); !slices.Equal(got, old) && !slices.Equal(got, made) {
							t.Errorf("killed after %v: the tables are neither the old nor the new ones", after)
						}
						u.beamfit(job.args[1]...)
						if got := look(); !slices.Equal(got, made) {
							t.Errorf("killed after %v: the same command did not make its tables", after)
						}
						u.beamfit(job.args[0]...)
					}
				})
			}
		})
	}
}
