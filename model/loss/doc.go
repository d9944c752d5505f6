// Package loss holds Keras' losses, one file each: the value per row and its gradient.
//
// # Vocabulary
//
// p are the model's predictions and y the labels, both rows x n row-major; n is the width of the output. A loss has
// one value per row. scale has one element per row: what a row counts in the total loss (class weight times loss
// weight divided by the batch size), so that the gradient of the total comes out of Grad directly.
//
// # Two forms
//
// Keras computes cross-entropies from the input of the last activation (the logits) wherever it can see it, which is
// exact where the probability saturates and has a simple gradient. Such a loss has a Logits form. As in Keras it is used
// when the model's output is a softmax or a sigmoid, whichever of the two it is: both leave their logits on their output
// and a cross-entropy takes them without asking (keras/src/backend/tensorflow/nn.py, _get_logits). So binary
// cross-entropy of a softmax output is that of the sigmoids of the softmax's logits, and categorical cross-entropy of a
// sigmoid output is that of the softmax of the sigmoid's logits.
//
// A loss with from_logits takes the model's output itself for logits; where the output is a softmax or sigmoid all the same,
// Keras looks through it again, and so do the two cross-entropies here.
//
// With any other output the Output form applies, which clips predictions to [1e-7, 1-1e-7] as Keras does. Where loss and
// activation belong together the two forms differ only for predictions that the clip changes: there Output has a bounded
// value and gradient zero.
//
// # Whole batches
//
// Most losses have a value per row that depends on this row only, and the loss of a batch is their mean; reduction is always
// Keras' default. circle, and dice and tversky without an axis, look at all rows of a batch: their values per row are such that
// the mean is the batch's loss. A batch under such a loss is never cut.
//
// # Class numbers
//
// The losses that take class numbers in Keras take one-hot labels here, as the others do; class numbers become one-hot before
// they come. Of circle, whose classes are not those of the output, and of ctc the labels are class numbers (Labels).
//
// # Losses of a person's own
//
// A text (package expr) becomes a Loss by Custom: a program of operations instead of forms, which package graph builds.
//
// # Precision
//
// Values are float32; every row is computed in float64 and rounded once. NaN and Inf in p come out as NaN or Inf.
//
// # Failure
//
// New refuses a name that is not in the table and arguments that the loss does not have, before any row is seen. A form cannot fail; what labels a loss takes is
// checked where rows are read (Labels).
//
// # Data and kernels
//
// A form of a loss is a struct of numbers (Form), by which plans hold it, and is named by its kind. A device has a table of kernels by
// kind; those of the CPU are the methods Rows and Grad of the struct.
//
// # Adding a loss
//
// A loss is one file with the struct, its two methods and a function that reads the loss's arguments, one row in the table of
// registry.go and one in that of every device. A loss that is the mean over the outputs of something is an element.
package loss
