// Package curve says how good predictions of classes are, as what people draw: ROC and precision-recall curves, a reliability curve,
// and a confusion matrix.
//
// # Vocabulary
//
// A score says how much a row looks like one class, the positive one: its probability, or any number that grows with it. A threshold makes
// decisions of scores: rows whose score is at least the threshold are decided to be positive. A point of a curve belongs to a threshold.
//
// # Guarantees
//
// Every different score is a threshold, so the values are exact and depend on no grid; package metric has those of Keras, which do. Rows may come
// in any order, which changes no bit: counts are whole numbers, and sums go by rising score. Values are those of scikit-learn 1.9.
//
// # Failure
//
// What has no value is an error that says why: scores that are not finite, rows of one kind only, probabilities outside of 0 to 1.
package curve
