package rounds

import "fmt"

// manyShards is from how many shards on plain averaging costs accuracy at ten passes (docs/convergence.md).
const manyShards = 8

// choose is what sync auto asks for, and the sentence that says so.
//
// With fewer than 8 shards it is MADlib's rule, which ends where one shard ends. From 8 on, weights that were drawn at random are too far from each
// other's way for their mean to be good: the first fifth of the iterations, at least one, is a warm-up, so that averaging begins with weights
// that agree on what is to be learned.
func choose(o Options, f Fit, shards int) (Options, string) {
	passes := max(1, f.Params.Epochs-f.Params.InitialEpoch)
	of := fmt.Sprintf("sync auto: %d shards, %d iterations", shards, f.Iterations)
	warm := (f.Iterations + 4) / 5
	switch {
	case shards < manyShards:
		return o, of + ": the weights are averaged once per iteration, which costs no accuracy with fewer than 8 shards"
	case f.Iterations < 2:
		return o, of + ": the weights are averaged once, at the end; more iterations would let the first be a warm-up"
	}
	o.WarmUpPasses = warm * passes
	return o, fmt.Sprintf("%s: --warm-up-passes %d, then the weights are averaged once per iteration", of, o.WarmUpPasses)
}
