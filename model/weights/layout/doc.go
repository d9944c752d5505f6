// Package layout says where Keras' files keep the weights of a model, and finds them there.
//
// A model of keras.Spec has its arrays in the order of get_weights. Files name them in three ways, see Entry; Keras itself matches files of Keras 3 by
// these places, and those of Keras 2 by the order of layers and weights. So does this package, and by names first where a file has names: the order in
// which Keras 2 lists the weights of a model inside a model was another one in some versions.
//
// A match is whole or none: every array of the model has one array of the file with the same shape, and no array of a layer is left over.
// A *MismatchError lists what is not so.
package layout
