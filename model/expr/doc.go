// Package expr reads losses and metrics that people write as text, and checks them for rows of given shapes. Nothing of a text is
// ever run: it becomes a Program, a list of operations on arrays, which package graph builds and differentiates.
//
//	text --Parse--> Function --Bind, with the shapes of a row's labels and outputs--> Program
//
// # Two forms
//
// Our own is a list of let-bindings and an expression, whose names y_true and y_pred are the labels and the model's output:
//
//	let p = clip(y_pred, epsilon, 1 - epsilon)
//	-sum(y_true * log(p), axis=-1)
//
// The other is the Python that people write for Keras: imports, constants, and one function
//
//	def f(y_true, y_pred): ... return ...
//
// with names of K, keras.backend, tf, tf.math, tf.nn and keras.ops. Further parameters with numbers as defaults are arguments of the
// loss or metric; a function whose parameters all have defaults, and which defines and returns such a function, is one too. The grammar
// and all names are in docs/functions.md.
//
// A Formula is of numbers instead, as the learning rate of an epoch: ParseFormula reads our own form, or a lambda, and At computes it.
//
// # Vocabulary
//
// A shape has the rows of the batch, of which nobody knows how many there are, as a symbol (Dim.Rows). So what is checked for a shape
// holds for every batch. Arrays are float32; a condition is an array of 0 and 1, and is a number wherever one is wanted. Constants are
// computed in double precision when the text is bound. Equal operations on equal operands are one operation.
//
// The result is one value per row. A text that gives more of them, for every row, has their mean; one that gives a mean of all rows
// has the same mean row by row. Whatever else looks at several rows makes a program of the whole batch (Program.WholeBatch), whose
// value all rows share.
//
// # Failure
//
// Every error is a *params.Error with the place in the text, and names the shapes where these are why. No text makes the package panic
// or work long: texts have at most MaxBytes, nest at most MaxDepth, have at most MaxNodes parts and operations, and no array of a row
// has more than MaxElements elements, or as many as the model's output, all together TotalFactor times that.
package expr
