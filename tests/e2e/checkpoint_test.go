package e2e

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKillAndGoOn kills a fit with checkpoints with SIGKILL again and again. The same command goes on each time, and in the end gives
// the weights of a fit that was never killed.
func TestKillAndGoOn(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 20_000)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			random := rand.New(rand.NewPCG(seed, 2))
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			u.beamfit("preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--shards", "2", "--buffer-size", "500")
			fit := func(model string, more ...string) []string {
				return append([]string{
					"fit", "packed", model, "--arch", "arch", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
					"--fit", "batch_size=32", "--iterations", "400", "--metrics-every", "60",
				}, more...)
			}
			u.beamfit(fit("whole")...)
			killed := fit("killed", "--checkpoint-every", "1")
			for range 4 {
				cmd := u.command(context.Background(), killed...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				for deadline := time.Now().Add(time.Minute); ; {
					if _, ok := u.count("killed_checkpoint"); ok || time.Now().After(deadline) {
						break
					}
				}
				time.Sleep(time.Duration(random.Float64() * float64(200*time.Millisecond)))
				u.kill(cmd)
			}
			if _, ok := u.count("killed"); ok {
				t.Fatal("the fit ended before it was killed four times: it needs more iterations")
			}
			if out := u.beamfit(killed...); !strings.Contains(out, "killed: went on after iteration ") {
				t.Errorf("the fit began anew:\n%s", out)
			}
			weights := func(model string) string { return u.beamfit("show", model, "--format", "csv") }
			if weights("killed") != weights("whole") {
				t.Error("the weights are others")
			}
			if _, ok := u.count("killed_checkpoint"); ok {
				t.Error("the checkpoint is still there")
			}
		})
	}
}
