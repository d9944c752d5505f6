package rounds

import (
	"fmt"

	"github.com/beamfit/beamfit/model/trainer"
)

// What sync auto sees to: that the weights are changed, one step after the other, by so many of the steps that one worker would make of the fit.
const (
	// leastShare of one worker's steps is enough where these are many,
	leastShare = 1. / 4
	// leastSteps are needed where they are fewer,
	leastSteps = 1000
	// and more than mostShare is never needed. A fit takes about that share of one worker's time then, where every shard has a core.
	mostShare = 1. / 2
)

// choose is what sync auto asks for, and the sentence that says so.
//
// Shards that train side by side make the weights go as many steps as the largest shard has, however many they are: with N shards an iteration is an Nth
// of one worker's. Averages are as good as one worker's weights once these have left their random beginning, and how far
// they are from it is a matter of steps, not of passes (docs/convergence.md). So a warm-up, in which the shards' steps come one after the
// other, is as long as it must be for the steps in a row to be enough:
//
//	W·all + (iterations - W)·largest >= min(mostShare·T, max(leastShare·T, leastSteps)), T = iterations·all
//
// with the steps of an iteration of all shards and of the largest. W is a whole number, so that there may be up to an iteration's steps more than are
// needed, and at most half of the iterations. Fewer than 5 shards with many steps need none, and nor do two ever.
func choose(o Options, f Fit, shards int) (Options, string) {
	passes := max(1, f.Params.Epochs-f.Params.InitialEpoch)
	all, largest := 0, 0
	for _, rows := range f.Rows {
		steps := trainer.StepsOf(f.Params, rows)
		all, largest = all+steps, max(largest, steps)
	}
	total := float64(f.Iterations * all)
	enough := min(mostShare*total, max(leastShare*total, leastSteps))
	warm := 0
	for warm < f.Iterations/2 && float64(warm*all+(f.Iterations-warm)*largest) < enough {
		warm++
	}
	inRow := warm*all + (f.Iterations-warm)*largest
	of := fmt.Sprintf("sync auto: %d shards, %d iterations of up to %d steps", shards, f.Iterations, largest)
	once := fmt.Sprintf("the weights are averaged once per iteration and go %d steps in a row, one worker's %d", inRow, f.Iterations*all)
	switch {
	case warm > 0:
		o.WarmUpPasses = warm * passes
		return o, fmt.Sprintf("%s: --warm-up-passes %d, then %s", of, o.WarmUpPasses, once)
	case float64(inRow) < enough:
		return o, fmt.Sprintf("%s: %s; more iterations would let the first be a warm-up", of, once)
	}
	return o, fmt.Sprintf("%s: %s, which is enough", of, once)
}
