// Package onnx writes a model with its weights as an ONNX file, which onnxruntime and other programs predict with.
//
//	keras.Spec --graph.Build, plan.Compile, for two batches--> instructions --Export--> Model --Write--> bytes
//
// What is lowered is the plan of inference and not the layers: a plan has some forty opcodes where there are over eighty layers with
// arguments of their own, and whatever layer is made of these opcodes is exported without a line here. Like a device, the package is a
// table of opcodes, with an ONNX form for each in the place of a kernel. An opcode without one is an error that names the layer.
//
// # Vocabulary
//
// A tensor is an array of the ONNX graph: an input, what a node computes, or a constant (in ONNX: an initializer). A value is an array of the
// plan, seen through a tensor: its dimensions may lie in another order in the tensor, and a dimension that is 1 there may stand for as
// many as the value has. So permutations and repetitions are nodes only where an operation needs the array as it is: images go
// through a convolutional network with their channels first, as ONNX wants them, and are turned at its ends.
//
// # The batch
//
// A plan has a number of rows, an ONNX model takes any. So the plan is made for 2 and for 3 rows: a dimension that differs is so many per
// row of the batch. Nothing else may differ.
//
// # Form
//
// Files have opset 17 (ONNX 1.12 of 2022) and nothing but the standard operators; LSTM, GRU and RNN are those, and Scan where a mask or an
// activation is beyond them. A recurrent layer that takes states, or an LSTM that gives its own, and every ConvLSTM has a plan of one step after the
// other, and so many nodes for each of its steps. Inputs and outputs are float32, in Keras' order of dimensions, with the names of the layers.
// Numbers of words and of classes are float32 too and become whole inside. An input of text takes the indices that StringLookup, Hashing or TextVectorization makes, as
// everywhere here; its doc_string has the lookup.Lookup.
//
// # Failure
//
// Export refuses before a byte is written. A plan that breaks its own rules is a broken contract and panics.
package onnx
