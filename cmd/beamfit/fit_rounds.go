package main

import (
	"errors"
	"slices"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

// defineRounds defines the options that say when shards meet and what becomes of their weights.
func (t *fitTask) defineRounds(f flags) {
	f.add(flagvalue.Of(&t.opt.Sync, flagvalue.OneOf("auto")), "sync", "auto", none,
		"auto chooses --warm-up-passes by the steps of the shards and the iterations, and says what it has chosen; the weights are averaged once per iteration")
	f.add(flagvalue.Of(&t.opt.SyncEvery, passOrSteps), "sync-every", "pass|N", "pass: after the passes of an iteration",
		"average the weights after every N steps of the shards")
	f.add(flagvalue.Of(&t.opt.WarmUpPasses, flagvalue.Count), "warm-up-passes", "W", "0", "the first W passes train shard after shard, as one worker would, and average nothing")
	f.add(flagvalue.Of(&t.opt.Outer, flagvalue.OneOf("average", "slowmo", "nesterov")), "outer", "RULE", "average",
		"what follows the average: average takes it; slowmo and nesterov make a step with momentum towards it")
	f.add(flagvalue.Optional(&t.opt.OuterMomentum, flagvalue.Float), "outer-momentum", "X", "slowmo 0.5; nesterov 1 - 1/shards, at most 0.9", "momentum of --outer")
	f.add(flagvalue.Optional(&t.opt.OuterRate, flagvalue.Float), "outer-rate", "X", "1; nesterov 0.7, with SGD 1", "rate of --outer")
	f.add(flagvalue.Of(&t.opt.InnerState, flagvalue.OneOf("keep", "reset")), "inner-state", "keep|reset", "keep",
		"what the shards' optimizers remember after an average: keep leaves it as it is, reset begins anew")
	f.add(flagvalue.Of(&t.opt.Moving, flagvalue.OneOf("average", "pooled", "recompute")), "moving", "RULE", "average",
		"moving statistics of batch normalisation: average them; pooled: mean and variance of all shards' rows; recompute: anew, from rows, before weights are scored")
	f.add(flagvalue.Of(&t.opt.AverageTail, flagvalue.OneOf("ema", "swa")), "average-tail", "ema|swa", none,
		"average the weights of the last quarter of the iterations, and take that as the model where its validation loss is smaller")
	f.add(flagvalue.Of(&t.opt.Steps, flagvalue.OneOf("local", "global")), "steps", "local|global", "local",
		"what learning-rate schedules count: local each shard's steps, global those of all shards")
}

// passOrSteps takes the steps between two averages; "pass" is 0.
func passOrSteps(text string) (int, error) {
	if text == "pass" {
		return 0, nil
	}
	n, err := flagvalue.Positive(text)
	if err != nil {
		return 0, errors.New("expected pass, or a number of steps of 1 or more")
	}
	return n, nil
}

// besideAuto are the options that --sync auto decides.
var besideAuto = []string{"sync-every", "warm-up-passes", "outer"}

// checkRounds refuses options that contradict each other. That --sync auto stands beside a default, as --sync-every pass, only the command knows.
func (t *fitTask) checkRounds(given func(string) bool) error {
	if i := slices.IndexFunc(besideAuto, given); i >= 0 && t.opt.Sync != "" {
		return errors.New("--" + besideAuto[i] + " cannot be used with --sync auto, which decides it: leave out one of them")
	}
	err := t.opt.CheckRounds()
	if number := (*pipelines.OuterNumberError)(nil); errors.As(err, &number) {
		return errors.New("--" + number.Option + " needs --outer slowmo or nesterov")
	}
	return err
}
