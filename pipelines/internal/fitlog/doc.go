// Package fitlog writes the files of a fit's callbacks: those of CSVLogger and of TensorBoard.
//
// # Vocabulary
//
// A Log is the file, or the files, of one callback; an Entry is what it gets after an iteration that was scored. Epochs in files are
// Keras': iteration 1 is epoch 0.
//
// # Guarantees
//
// Files have the form that Keras writes. What an entry tells is in the file when Write returns. A fit that goes on from a checkpoint goes on
// in its files as well: what they have of later iterations, which are trained again, is taken away or marked as void.
//
// # Failure
//
// Open fails where a file cannot be made, before any training. With Options.Below no file is made outside of that folder, not by a
// symbolic link either. A file that cannot be written fails the fit; its error names the file.
package fitlog
