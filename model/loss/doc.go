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
// With any other output the Output form applies, which clips predictions to [1e-7, 1-1e-7] as Keras does. Where loss and
// activation belong together the two forms differ only for predictions that the clip changes: there Output has a bounded
// value and gradient zero.
//
// # Precision
//
// Values are float32; every row is computed in float64 and rounded once. NaN and Inf in p come out as NaN or Inf.
//
// # Adding a loss
//
// A loss is one file with a *Loss and one row in the table of registry.go.
package loss
