package plan_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/trainer"
)

// A bare device is the CPU without scratch memory, of which every variant of the kernels wants another amount.
type bare struct{ cpu.Device }

func (b bare) Scratch(in *plan.Instr) (int, error) {
	_, err := b.Device.Scratch(in)
	return 0, err
}

// TestGoldenPlans compares the plans of well-known networks, a training step and scoring, with testdata/NETWORK.txt, so that a change
// of a plan is seen as a difference of its text. BEAMFIT_UPDATE_GOLDEN=1 writes the files. The networks are those of scripts/bench.
func TestGoldenPlans(t *testing.T) {
	for _, network := range []struct {
		name, optimizer string
		batch           int
	}{
		{"iris", "'adam'", 5},
		{"mnist_mlp", "RMSprop()", 128},
		{"mnist_cnn", "'Adadelta'", 128},
		{"cifar_cnn", "RMSprop(lr=0.0001, decay=1e-6)", 32},
		{"resnet20", "AdamW(global_clipnorm=1, use_ema=True)", 128},
		{"text_lstm", "'adam'", 32},
	} {
		t.Run(network.name, func(t *testing.T) {
			json, err := os.ReadFile("testdata/" + network.name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			spec, err := keras.Parse(json)
			if err != nil {
				t.Fatal(err)
			}
			compile, err := params.ParseCompile("loss='categorical_crossentropy', optimizer=" + network.optimizer)
			if err != nil {
				t.Fatal(err)
			}
			m, err := trainer.New(trainer.Config{Spec: spec, Compile: *compile, Device: bare{}})
			if err != nil {
				t.Fatal(err)
			}
			step, err := m.TrainingStep(network.batch)
			if err != nil {
				t.Fatal(err)
			}
			score, err := m.EvaluationStep(network.batch)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("training with %s: %v\nscoring: %v", network.optimizer, step, score)
			name := "testdata/" + network.name + ".txt"
			if os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the plan of %s is not that of %s any more; BEAMFIT_UPDATE_GOLDEN=1 writes it anew for git diff:\n%s", network.name, name, got)
			}
		})
	}
}
