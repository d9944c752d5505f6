// Package trainshard trains all shards of a stage from the same weights.
//
// Words: a Stage is a round, an iteration or a part of one that all shards train side by side, or in a warm-up the turn of one shard. A State is
// the element that stands for a shard from one stage to the next: the shard and what its optimizer remembers.
//
//	shards --> Start --> states ---+--> trainFn ---+--> states, for the next stage
//	                     weights --'  (side input) '--> average.Vector: the shard's weights and rows
//
// Shards train side by side on the run's workers. Rows are where the worker has them, in memory or in a file (package dataset); states and weights travel
// through the pipeline, as raw bytes between processes.
//
// # States that do not travel
//
// An engine holds an element whole, in its memory, on both sides of every stage. A state in pieces would have to come together again behind a group, which no
// main input of a DoFn with side inputs may come from. So one that is larger than a piece does not cross at all (nor does any
// where it would stand in the way of the engine's planner: who builds the pipeline decides): the worker that has trained a shard puts its
// state in the box of the pipeline, and the next stage gets it there, in whatever process. Where a stage finds states and where it leaves them is decided
// when the pipeline is built (Kept); the elements are bare:
//
//	shards --> Bare --> states --> trainFn of every stage
//	box of the pipeline before --> trainFn --> box --> trainFn --> box, for the next pipeline
//
// A stage waits for the weights of the one before, which leave that behind its states, so these are there. Each stage has a key of its own for every
// shard, and what lies under it is written once and never changed: a bundle that is repeated, a worker that takes the place of another one, and a job that is
// begun again read what the first one read, and what they write is skipped. No worker remembers a state from one stage to the next, where one in its place
// would have another. It costs a write and a read of the store for every shard and stage, and room there for all stages of a pipeline, until it has ended.
//
// # Portions
//
// What many shards with large weights give on can be more than an engine takes from a bundle. Then as many of them train side by side as make a portion (Stage.Portions,
// package portions), and the others in the bundles after it.
//
// Guarantees: what comes out of an iteration depends on the rows, the weights, the states and the seed only, not on the
// runner, the number of workers or the order of arrival. A shard without rows counts for nothing in the average. A pipeline that
// goes on from another one begins with the states that it left, or fails: never with fresh ones.
package trainshard
