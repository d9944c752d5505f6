// Package split draws a training and a test set from the rows of a table, as MADlib's train_test_split does.
//
// Words: a group holds the rows that agree in the strata columns, NULL counting as a value; without strata all rows are one
// group. The ordinal of a row is its number within its group, from 0, in the order of the table. The draw takes a sample of
// every group, with or without replacement; the test set is a sample of the draw, without replacement; the training set
// is the rest of the draw.
//
// # Choice without a sort
//
// The numbers of rows are known before any row is looked at (Proportions); which ones follow from a seeded permutation of
// the ordinals of a group: those that go to the first places are the test set, those that go to the next the training
// set. With replacement every draw is a seeded random ordinal, and a permutation of the draws chooses the test set. So rows stream
// from source to output, in order, and a worker holds a batch, the counts of the groups, and with replacement the draws
// that fall into its partition, of 8 bytes each. It looks at all draws for that, some nanoseconds each.
//
// # Guarantees
//
// The output depends on the rows, their order and the seed only: not on partitions, workers or the runner. Rows keep the order
// of the source; a row that was drawn several times is repeated on the spot, training rows first.
//
// # Failure
//
// Proportions of which no row would be drawn are an error that names the table before a row is written. An error of the store is given as it is, with
// its place, and ends the run; the output is the caller's, who aborts it.
package split
