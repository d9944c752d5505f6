// Package trainshard trains all shards of an iteration from the same weights.
//
// Words: a State is the element that stands for a shard from one iteration to the next: the shard and what its optimizer
// remembers.
//
//	shards --> Start --> states ---+--> trainFn ---+--> states, for the next iteration
//	                     weights --'  (side input) '--> average.Vector: the shard's weights and rows
//
// Shards train side by side on the run's workers. Rows are where the worker has them, in memory or in a file (package dataset); states and weights travel
// through the pipeline, as raw bytes between processes.
//
// Guarantees: what comes out of an iteration depends on the rows, the weights, the states and the seed only, not on the
// runner, the number of workers or the order of arrival. A shard without rows counts for nothing in the average. A pipeline that
// goes on from another one begins with the states that it left, or fails: never with fresh ones.
package trainshard
