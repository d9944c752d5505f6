// Package metric holds Keras' metrics and the exact sums that losses and metrics are averaged with.
//
// # Vocabulary
//
// p are predictions, y labels, both rows x n row-major with n the width of the output. A State is what a metric has
// seen so far; states of parts of the data merge into the state of the whole.
//
// # Guarantees
//
// A merged state does not depend on the order of rows, on how the rows were divided or on the order of merges: sums are
// kept exactly (Sum). A State's bytes are the same whenever its contents are, so they can travel between workers and be
// compared.
//
// # Adding a metric
//
// A metric that is a mean over rows is one file with a function and one row in the table of registry.go. Every loss is
// a metric too, by any of its names; cosine_similarity has the sign of Keras' metric, not of its loss.
package metric
