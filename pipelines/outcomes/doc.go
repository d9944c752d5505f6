// Package outcomes compares the classes that were predicted for rows with those that the rows have.
//
// # Vocabulary
//
// The truth is the class that a row has, a value of a column of some table; predictions are a table that predict has written. An outcome is
// both, for one row. Classes have indexes, in the order in which preprocess would number them: by value.
//
// # Guarantees
//
// Rows are found by their ids, or where predictions have row numbers by those. Every prediction must have its row; rows without a prediction
// are left out and counted, since people compare the predictions of a test table with the table that it was split from. Values are compared
// as SQL compares them. All outcomes are in memory: 8 bytes per row and 4 per row and class.
//
// # Failure
//
// Tables that do not fit together are errors that name the table, the column and the first row or id that does not.
package outcomes
