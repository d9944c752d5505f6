// Package trainshard trains all shards of an iteration from the same weights.
//
// Words: a State is the element that stands for a shard from one iteration to the next: its number and what its optimizer
// remembers. A Job is what all iterations of a run share, given to bundle.Share before the pipeline starts.
//
//	states ---+--> trainFn ---+--> states, for the next iteration
//	weights --'  (side input) '--> average.Vector: the shard's weights and rows
//
// Shards train side by side on the run's workers. The rows of a shard are read by dataset.Load; only states and weights
// travel through the pipeline, as raw bytes.
//
// Guarantees: what comes out of an iteration depends on the rows, the weights, the states and the seed only, not on the
// runner, the number of workers or the order of arrival. A shard without rows counts for nothing in the average.
package trainshard
