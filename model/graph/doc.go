// Package graph turns a Keras model into a Gorgonia expression graph of fused operations and differentiates it.
//
//	Spec --Build--> nodes: layers, losses --gorgonia.Grad--> nodes: gradients of every trainable weight
//
// # Vocabulary
//
// An Op is one fused operation, such as dense product with bias and activation. It is data: an opcode, plain attributes
// and shapes; package plan lowers it to an instruction and a device turns that into a call of a kernel. Its gradient rule
// builds nodes of other Ops, so gorgonia.Grad differentiates a whole model symbolically. Shapes include the batch
// dimension B, which is fixed when a graph is built: another batch size is another graph.
//
// A side result is what an Op writes beside its output and a gradient needs again (the position of each maximum of a
// pooling, the statistics of a batch normalisation). It is a node of its own (CodeSide) whose only child is the Op's
// node, without an operation of its own.
//
// A section is one of Gorgonia's expression graphs. A graph of more than sectionNodes nodes has several, so that the time to build
// and differentiate it is proportional to its size; stand-ins for nodes of other sections are seen in sections.go only.
//
// # Sequences
//
// Recurrent layers work on sequences with the steps in front, T x B x features: the input of all steps is projected by one
// product, each step multiplies the states of all rows by one, and the gradients of the weights are one product over all
// steps each. A mask of a sequence, B x T, is a tensor of the model (see keras.Call.Masks); a layer that knows masks takes
// that of an input from its call. Masks have no gradient.
//
// # Fusion
//
// A layer's activation joins its matrix product or convolution where the activation's gradient follows from its output, and so
// does a layer Activation that alone reads the layer before it. So does a Dropout behind a ReLU or behind no activation. The gradients
// of the dropout, the activation and the bias are one operation, which reads the layer's result alone. A ReLU with a dropout that
// join nothing have one for both.
// A softmax or sigmoid that makes the model's output stays apart when the loss has a form for its input (the
// cross-entropies): the loss then reads that input, and in training the activation itself is not computed at all.
//
// # Precision
//
// In a layer of keras.MixedBfloat16 the operands of products are rounded to bfloat16, and so are its result and the gradient of that. A value that
// is a bfloat16 number already, since it was moved or chosen only, is not rounded again.
//
// # Order of dimensions
//
// Images are B H W C for all operations. A layer with channels first is the one with channels last between two permutations.
// A permutation of a permutation becomes one or none, and layers that work on single elements go before the permutation of
// their inputs; so a network with channels first pays for it at its ends.
//
// # Guarantees
//
// The same Spec and Options give the same graph, node by node. Build may run concurrently with itself; Gorgonia keeps
// package state, so builds take turns. Names that are unknown are errors that name the layer; a shape that does not fit
// inside a checked Spec is a broken contract and panics.
//
// # Adding a layer
//
// A layer family is one file with its attributes, its build functions and gradient rules, and one row per configuration
// in the table of layers.go; each new opcode needs a row in the table of every device. Attributes of operations that multiply
// matrices have a method FLOP() int, by which plans count their work.
package graph
