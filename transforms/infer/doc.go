// Package infer predicts the classes of rows: it reads partitions of a table, runs the model on large batches and writes
// one row per input row, dependent variable and chosen class.
//
// Words: a Plan says how rows are predicted; a Part is the element that travels; a Choice says which classes are written.
//
// # Rows out
//
//	<id column>  as in the input table, also when it is NULL or repeated; or row_number, that of the row from 1
//	class_name   name of the dependent variable
//	class_value  text of the class; NULL for a NULL class and for padding
//	prob         the model's output, or the probability that it is a score of, a float32, as the float64 that has its shortest decimal text
//	rank         1 for the most probable class of this row and dependent variable: the highest output; equal ones in the order of the classes
//
// An output of one unit for two classes is the probability of the second, or a score of it: both are written.
//
// Where the label is numbers and not a class, there is one row with the output itself as class_value (1.5, or {1.5,2} of
// several elements), prob NULL and rank 1. Where it is a sequence of classes, class_value is the sequence that the best class of
// each frame spells ({3,1}, {} of none): repeats are merged, and class 0, which is none, is dropped.
//
// Features are divided by the normalizing constant in float32, but for those that are made from columns (package features), which are multiplied as
// they were when rows were packed. Rows are ranked by themselves, so repeated ids do not
// meddle with each other. All outputs of a model are written, one dependent variable after the other.
//
// # Memory
//
// A task holds a batch of rows, of which 4 million numbers are made at the most, inputs and outputs together, and 65,536 predictions of it at a time; of a row that
// has more, that row.
//
// # Failure
//
// A feature that is NULL, not finite or of another shape than the model's input stops the run with a *table.ValueError
// that names column and row. A retried partition writes its rows once.
package infer
