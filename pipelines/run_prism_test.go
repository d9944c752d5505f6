package pipelines

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/netns"
)

// sharedNetwork is the variable that lets the tests run without a network namespace of their own.
const sharedNetwork = "BEAMFIT_TEST_SHARED_NETWORK"

// noNamespace is why the machine gives no network namespace.
var noNamespace error

// TestMain runs the tests in a network namespace of their own, which prism asks for. Where the machine gives none, prism is not tested,
// and TestPrismIsTested says so.
func TestMain(m *testing.M) {
	if netns.Check() != nil && !raceDetector && os.Getenv(sharedNetwork) == "" {
		code, err := netns.Reexec(os.Args)
		if err == nil {
			os.Exit(code)
		}
		noNamespace = err
	}
	slog.SetDefault(slog.New(QuietBeam(slog.NewTextHandler(os.Stderr, nil)))) // as programs that use prism do
	os.Exit(m.Run())
}

func TestPrismIsTested(t *testing.T) {
	if err := cmp.Or(noNamespace, netns.Check()); err != nil {
		t.Skipf("prism is not tested: %v", err)
	}
}

// Every job with a pipeline refuses prism in a process that shares its network, before it does anything.
func TestPrismIsRefused(t *testing.T) {
	if netns.Check() == nil {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "-test.run=^TestPrismIsRefused$", "-test.v")
		cmd.Env = append(os.Environ(), sharedNetwork+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestPrismIsRefused") {
			t.Errorf("%v\n%s", err, out)
		}
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
	j, err := env.beginOnRunner(t.Context(), "split", 0, listeners{})
	if err != nil {
		t.Fatalf("with PrismOpenPort: %v", err)
	}
	j.end()
}
