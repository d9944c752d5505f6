// Package plan lowers a differentiated graph to a flat list of instructions over preallocated memory.
//
//	graph.Graph --Compile--> Plan (instructions, sizes) --Device.Bind--> Program --Run, once per step-->
//
// # Vocabulary
//
// An instruction is one operation: an opcode, attributes and the places of its operands. A place (Ref) is a range of
// float32 in one of six spaces:
//
//	Weights  the flat weight vector of the model, P elements, in get_weights order
//	Grads    the gradients of the trainable weights, T elements, without gaps
//	Slots    what the optimizer remembers, T elements per slot
//	Batch    what is filled before a step: inputs, labels, scales
//	Work     all other values
//	Shared   what the slices of a batch tell each other
//
// A Memory holds the six spaces of one worker; plans for several batch sizes share one that is large enough for each.
// A step is one run of a Program.
//
// # How values get their places
//
// The graph is walked once, in the order in which its nodes were made, which is an order in which every operand is ready.
// Values that no root needs are left out; roots are the gradients and updates of a training graph, the outputs, row
// losses and row metrics of any other. A gradient is written straight to its place in Grads and a moving statistic to its place in
// Weights. A reshape and a side result share the place of what they come from. An operation that may overwrite an
// operand does so when nobody reads the operand later. Every other value gets a range of Work that no value alive at the
// same time uses: values are placed by size, largest first, at the lowest fitting offset (Pisarchyk and Lee,
// "Efficient Memory Management for Deep Neural Net Inference", 2020, greedy by size).
//
// # Slices
//
// A Split is a training step whose batch is cut into slices: the same plan once per slice, moved to places of its own, then
// plans that sum the gradients and update the weights, each for its range of them. It is made of the same instructions, so a
// device needs nothing for it.
//
// Where a graph has a value of all slices (graph.CodeMeet), they meet: each writes its own to its place in Shared, side by side, and
// reads all of them when all are written. Meetings divide the instructions of a slice into stages; an instruction is in the
// first stage in which all that it reads is ready. Places in Shared are used once in a step, so a slice that is ahead
// overwrites nothing. What no gradient and no other slice needs, which is what moves averages, comes last and is done for the first
// slice only, together with the update.
//
// # Guarantees
//
// A Plan is immutable data and does not depend on memory addresses: attributes are structs of numbers, texts and lists of them, without
// functions, so that a plan can be written down, sent and read again, and a device that knows every opcode, every form of a loss and
// every rule of an optimizer can run it. What changes from step to step is in Step. The same graph gives the same plan. Running a
// Program allocates nothing.
//
// # Failure
//
// Compile refuses a node whose operation has no opcode. A graph that breaks its own rules (an operand that is not ready,
// a weight that is read after it was replaced) is a broken contract and panics.
package plan
