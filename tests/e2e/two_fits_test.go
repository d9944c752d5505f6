package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTwoFitsOfOneModel starts a fit twice. The second fails at once and names the process of the first; when that is killed, the
// model is free for the next.
func TestTwoFitsOfOneModel(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 5000)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host = host[:min(len(host), 20)] // a store keeps so much of it
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			u.beamfit("preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--shards", "2", "--buffer-size", "500")
			fit := func(iterations int) []string {
				return []string{
					"fit", "packed", "killed", "--arch", "arch", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
					"--iterations", fmt.Sprint(iterations), "--checkpoint-every", "1",
				}
			}
			first := u.command(context.Background(), fit(1_000_000)...)
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = first.Process.Kill()
				_ = first.Wait()
			}()
			for begun := time.Now(); ; {
				if _, ok := u.count("killed_checkpoint"); ok {
					break
				}
				if time.Since(begun) > time.Minute {
					t.Fatal("there is no checkpoint after a minute")
				}
			}
			_, err := u.try(fit(3)...)
			if err == nil || !strings.Contains(err.Error(), "is being made by another command: run ") || !strings.Contains(err.Error(), ", fit on "+host) || strings.Contains(err.Error(), "iteration") {
				t.Errorf("the second fit: %v", err)
			}
			for _, name := range []string{"killed", "killed_summary", "killed_checkpoint"} {
				if _, err := u.try("drop", name, "--if-exists"); err == nil || !strings.Contains(err.Error(), "is being made by another command: run ") {
					t.Errorf("a drop of %s, which is being made: %v", name, err)
				}
			}
			u.kill(first)
			if _, ok := u.count("killed"); ok {
				t.Error("the model is there")
			}
			if _, ok := u.count("killed_checkpoint"); !ok {
				t.Error("the checkpoint of the first fit is gone")
			}
			u.beamfit("drop", "killed_checkpoint")
			u.beamfit(fit(3)...)
			if _, ok := u.count("killed_checkpoint"); ok {
				t.Error("a checkpoint is left beside the model")
			}
		})
	}
}
