package job

import (
	"context"
	"encoding"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

// Compute runs a pipeline of the job that has one value in the end, which build gives, and returns the value. box is where the pipeline leaves it.
func Compute[T encoding.BinaryMarshaler, P bundle.Decoded[T]](ctx context.Context, j *Job, box *Box, steps []Step, build func(s beam.Scope) beam.PCollection) (value T, err error) {
	const key = "result"
	err = j.Pipeline(Totals(steps), func(s beam.Scope) error {
		collect.Keep[T](s, box.Box, key, build(s))
		return nil
	})
	if err != nil {
		return value, err
	}
	j.TellDone(steps)
	return collect.Get[T, P](ctx, box.Box, key)
}
