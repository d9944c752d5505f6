// Package rounds says when the shards of a fit meet, and what becomes of their weights then.
//
// Words: a round is what the shards train between two averages: an iteration, or with SyncEvery a part of one. Rounds are cut by steps, every
// shard's in the same proportion, so that all shards meet and the order of batches is that of an iteration without rounds. A warm-up are the
// iterations that begin a fit as one worker would train: the shards in turn, each from the weights and the optimizer's state that
// the one before has left, and nothing is averaged. A stage is a round, or in a warm-up one shard's turn.
//
// Options is what a person asks for, Fit what is known of the fit, and New makes a Plan of both. The zero Options are MADlib's rule: one round
// per iteration, the mean of the weights, optimizer states that stay with their shards.
//
// Failure: what makes no sense for the fit is refused by name, with what would; what is merely unwise is a warning.
package rounds
