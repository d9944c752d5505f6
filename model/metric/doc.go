// Package metric holds Keras' metrics and the exact sums that losses and metrics are computed from.
//
// # Vocabulary
//
// p are predictions, y labels, both rows x n row-major with n the width of the output. A State is what a metric has
// seen so far: counts and exact sums, whose meaning is the metric's. A row mean is a metric that is the mean of a value per
// row; AUC, Precision, F1Score, R2Score and their like are computed from their State once all rows are in.
//
// A person's own metric (Custom) is the mean over rows of what a text computes of each (package expr).
//
// # Guarantees
//
// A merged State does not depend on the order of rows, on how the rows were divided or on the order of merges: counts are
// integers and sums are kept exactly (Sum). So every metric is that of the whole table, bit for bit. A State's bytes are the same
// whenever its contents are, so they can travel between workers and be compared. Arguments cannot ask for a State of more than a
// million counts and sums.
//
// # Where Keras differs
//
// A metric here is one number. Where Keras gives one per class, output or threshold (F1Score without average, R2Score with
// class_aggregation=None, several thresholds), the argument that makes it one is asked for. Correlations with axis=0 are those of
// the table, not of its batches. Labels are one-hot, class numbers included, so the sparse metrics are their categorical twins.
// Thresholds are compared in float32 as in Keras, everything else is computed in float64.
//
// # Failure
//
// A name that is not in the table, a metric that cannot be computed here, an argument that it does not take and a State that would be too large are errors
// before any row is seen. Bytes that are no State are an error.
//
// # Adding a metric
//
// A metric is one file with a function that reads its arguments and one row in the table of registry.go; rowMean makes one that
// is a mean over rows, any other says how many counts and sums it has, how rows are added and what they amount to. Every loss is
// a metric too, by any of its names, but for those whose labels are not like the output (circle, ctc) and those of whole batches
// (dice and tversky without an axis); cosine_similarity has the sign of Keras' metric, not of its loss.
package metric
