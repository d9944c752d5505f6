package job

import (
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph"
)

// checkSideInputs refuses a pipeline with a DoFn that has a side input and takes its main input from behind a group (a
// GroupByKey or a Combine).
//
// What leaves a group has the timestamp of the window's end. Watermarks stand there until it is worked off, also those of
// the side input, and prism then takes a side input for complete that has not come yet. Main inputs that come from an
// Impulse without a group between have no such moment: their watermark steps from the beginning to the end of time.
func checkSideInputs(p *beam.Pipeline) error {
	edges, _, err := p.Build()
	if err != nil {
		return err
	}
	grouped := map[int]bool{} // nodes behind a group
	for changed := true; changed; {
		changed = false
		for _, e := range edges {
			behind := e.Op == graph.CoGBK || e.Op == graph.Combine
			for _, in := range e.Input {
				behind = behind || in.Kind == graph.Main && grouped[in.From.ID()]
			}
			for _, out := range e.Output {
				if behind && !grouped[out.To.ID()] {
					grouped[out.To.ID()], changed = true, true
				}
			}
		}
	}
	for _, e := range edges {
		main, side := false, false
		for _, in := range e.Input {
			main = main || in.Kind == graph.Main && grouped[in.From.ID()]
			side = side || in.Kind != graph.Main
		}
		if main && side {
			return fmt.Errorf("%s has a side input, and its main input comes from behind a group", e.Name())
		}
	}
	return nil
}
