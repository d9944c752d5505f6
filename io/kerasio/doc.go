// Package kerasio opens the files in which Keras and those around it keep models and weights, and writes them: .keras archives, .h5 and
// .weights.h5 (HDF5), .npz and .npy (NumPy) and safetensors. What a file is, its content says, not its name.
//
// The package knows bytes and names, no layers: a File has the JSON of a model, where it has one, and arrays of numbers with the
// names that the file has for them. Which array is which weight is found by package layout.
//
// # Layouts
//
//	tree     Keras 3, and tf.keras from 2.12 on: layers/dense_1/vars/0, by class and number
//	layers   Keras 2, and what Keras 3 calls legacy: a list of layers, each with a list of weights
//	named    safetensors and .npz: names as somebody chose them
//	ordered  .npz of np.savez(*model.get_weights()): arr_0, arr_1 and so on
//
// # Guarantees
//
// No byte of a file is executed: pickles and objects are refused. Memory is bounded by the structure of the file, and values are read
// straight into the caller's memory, without a second copy; a compressed weights file inside a .keras archive lies in an unnamed scratch
// file while it is open. Errors name the file and the place in it. A File is not safe for concurrent use.
package kerasio
