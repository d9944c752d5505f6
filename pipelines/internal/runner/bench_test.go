package runner_test

import (
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/pipelines/internal/runner/runnertest"
	"github.com/beamfit/beamfit/tests/flinktest"
)

// BenchmarkJob is what a job costs that does nothing: an Impulse and a DoFn.
func BenchmarkJob(b *testing.B) {
	for _, c := range []struct {
		name, runner string
		options      func(*testing.B) map[string]string
	}{
		{"direct", "direct", func(*testing.B) map[string]string { return nil }},
		{"prism", "prism", func(*testing.B) map[string]string { return nil }},
		{"prism process", "prism", func(*testing.B) map[string]string { return map[string]string{"environment_type": "PROCESS"} }},
		{"flink embedded", "flink", func(b *testing.B) map[string]string { return flinkOptions(b, "embedded") }},
		{"flink", "flink", func(b *testing.B) map[string]string { return flinkOptions(b, "up") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, err := runner.Open(b.Context(), c.runner, runner.Config{Options: c.options(b)})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			one := func() {
				p, s := beam.NewPipelineWithRoot()
				runnertest.Nothing(s)
				if err := runner.Run(b.Context(), r, p, "bench"); err != nil {
					b.Fatal(err)
				}
			}
			for range 3 { // the first ones warm the engine up
				one()
			}
			for b.Loop() {
				one()
			}
		})
	}
}

func flinkOptions(b *testing.B, kind string) map[string]string {
	c := flinktest.Start(b, kind)
	return map[string]string{"endpoint": c.Endpoint, "flink_rest": c.REST, "environment_cache_millis": "4000", "parallelism": "1"}
}
