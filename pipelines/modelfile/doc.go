// Package modelfile reads models from the files that people have, and writes such files: package kerasio knows the bytes, package
// layout which array is which weight, and keras the layers.
//
// A file is a *kerasio.File: Keras' JSON where it has one, and arrays. A vocabulary is what a layer that was adapted has learned; a .keras archive
// has vocabularies beside its JSON, and Open writes them into the JSON, so that the JSON of every file is the whole model. A Form is a kind of
// file to write, which the end of its name says.
//
// What is read is in MADlib's byte form, in the order of Keras' get_weights, whatever the order of the file. Weights takes every array of the
// model or fails; it holds the weights once in memory, and no file makes it allocate more than the file can hold. Write passes one array
// after another on. Neither runs code of a file: there is no pickle, and Lambda layers are refused by package keras.
//
// A file of no known kind is kerasio.ErrUnknown, one whose arrays do not fit the model a *layout.MismatchError that names every array. Errors name
// the file, and the layer and weight where one is to blame.
package modelfile
