// Package classes has the distinct values of a column in the order in which one-hot arrays have them: the classes of labels, and the
// categories of features.
//
// Words: a Class is one distinct value; a List is all of them in their order; a Set is those that some rows have, which grows and merges.
//
// Values are distinct where SQL calls them distinct (package sqlkey), NULL included. Of equal values that are written differently, as 1.0 and
// 1.00, the shorter text stands for all, and the first row counts, so that a Set does not depend on the order in which it was made. The order
// is MADlib's: NULL first, numbers by value, text by the code points of its SQL literal.
//
// Failure: a column of class values that holds one twice, or none, is an error of Read; a value that is none of a List is an *UnknownError.
package classes
