// Package cuda runs plans on NVIDIA GPUs through the CUDA driver and gorgonia.org/cu. It is built with the tag gpu and cgo; without the tag
// it has this documentation and a Device that says how to get the other build.
//
// # Vocabulary
//
// An arena is the memory of one worker on a GPU: the six spaces of its plans side by side in one allocation, so that a place is an address.
// The mirror is the host's view of the same places. A segment is a run of successive instructions that either all have kernels (package
// kernels) or all have none. A column is an array of a shard's rows that stays on the GPU: an input, a label, a factor of the rows' weights.
//
// # How a step runs
//
// Launches of a segment with kernels are captured as a CUDA graph when a plan is bound; a step is one launch of the graph. What
// changes from step to step (seed, counter, scalars of the optimizer) lies in device memory, so a graph never changes. A segment
// without kernels runs on the CPU, by package cpu on the mirror: its operands come down before, its results go up after it. So every
// plan runs, and its speed depends on which opcodes have kernels; Describe tells.
//
// A batch is never cut into slices: a kernel has the whole GPU.
//
// # Rows that stay
//
// The rows of a shard go to its GPU once (Keep) and stay while the model lives, where they fit. A walk over them (RunSteps) needs of the
// host, per step, what changes and 4 bytes per row: their order. Otherwise batches go up step by step. Rows leave 256 MB of the GPU, of one of less than 8 GB a
// 32nd part, for what the driver allocates.
//
// # Several shards, several GPUs
//
// A process has one context per GPU, with the kernels, whichever Devices it has, and its Devices together take 0.9 of a GPU's memory at most.
// Shard s works on GPU s mod GPUs. Shards that share a GPU may take 0.9/⌈shards/GPUs⌉ of its memory each, which is MADlib's rule. Of a process that is
// one of several on the machine, somebody else says which GPU it takes and how many processes have taken that (Options.Choose).
//
// # Guarantees
//
// A Device and its memories are safe in the way that package plan says, on any goroutine. The same seed gives the same bits on every
// GPU: kernels sum in a fixed order and use no approximation of the hardware. They are not those of the CPU, which sums in another order;
// the weights of whole trainings agree within 1e-5. With a Math of tensor cores they are the same on GPUs of one generation only. A step allocates nothing, on neither side. Memory of the GPU is given back when the
// Device is closed, or before when a Memory is closed or no longer reachable. Where a GPU is full, what is kept for later or no longer reachable is freed before anybody is refused.
//
// # Failure
//
// A Device looks for GPUs when it is first asked for memory, or for what they are, and says so where there is no driver, no GPU, or one that is too old for the kernels or for the Math; it
// looks again when it is asked again. It starts as many GPUs as it has shards, or the one that it takes; those that cannot be used or do not start are left out
// as long as there are others. Where the GPU has no room, the error is a
// *plan.MemoryError, also where it is the driver that has none for a graph or a stream. Any other error of the driver is final for the process's work on that GPU: CUDA keeps it.
package cuda
