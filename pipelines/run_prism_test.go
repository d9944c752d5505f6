package pipelines

import (
	"context"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

func TestMain(m *testing.M) { jobtest.Main(m) }

func TestPrismIsTested(t *testing.T) { jobtest.PrismIsTested(t) }

// Every job with a pipeline refuses prism in a process that shares its network, before it does anything.
func TestPrismIsRefused(t *testing.T) {
	if netns.Check() == nil {
		jobtest.OwnProcess(t, "TestPrismIsRefused", "BEAMFIT_TEST_PRISM_REFUSED")
		return
	}
	env := Env{Store: refStore{}, Runner: "prism"}
	for name, job := range map[string]func(context.Context) error{
		"split":      func(ctx context.Context) error { _, err := Split(ctx, env, SplitOptions{}); return err },
		"preprocess": func(ctx context.Context) error { _, err := Preprocess(ctx, env, PreprocessOptions{}); return err },
		"fit":        func(ctx context.Context) error { _, err := Fit(ctx, env, FitOptions{}); return err },
		"evaluate":   func(ctx context.Context) error { _, err := Evaluate(ctx, env, EvaluateOptions{}); return err },
		"predict":    func(ctx context.Context) error { _, err := Predict(ctx, env, PredictOptions{}); return err },
		"byom":       func(ctx context.Context) error { _, err := PredictBYOM(ctx, env, PredictBYOMOptions{}); return err },
	} {
		if err := job(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "runner prism is refused, since it listens without asking who connects: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	env.PrismOpenPort = true
	j, err := env.beginOnRunner(t.Context(), "split", 0)
	if err != nil {
		t.Fatalf("with PrismOpenPort: %v", err)
	}
	j.End()
}

// refStore is a store that nothing but the ref, its options and its connections is asked of.
type refStore struct{ table.Store }

func (refStore) Ref() string                { return "runtest:" }
func (refStore) Options() table.OpenOptions { return table.OpenOptions{} }
func (refStore) Connections(int) int        { return 48 }

// onRunners runs a test on each of the runners that are tested.
func onRunners(t *testing.T, test func(t *testing.T, env Env)) {
	for _, name := range jobtest.Runners() {
		t.Run(name, func(t *testing.T) { test(t, Env{Runner: name}) })
	}
}
