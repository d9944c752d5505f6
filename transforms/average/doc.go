// Package average combines the weights that the shards of an iteration end with into one weight vector.
//
// Words: a Vector is a flat weight vector (P float32 values, Keras get_weights order) with the number of rows it stands
// for; a Sum is the accumulator of the row-weighted mean.
//
// All P weights are averaged, those of frozen layers and the moving statistics of batch normalization included:
//
//	mean[p] = Σ_s rows_s · w_s[p] / Σ_s rows_s
//
// Guarantees. The result does not depend on the order in which vectors arrive or partial sums merge: products are exact
// in float64 (24 bits of a float32 times a row count below 2^29), sums are carried as unevaluated pairs hi + lo
// (double-double, about 106 bits), and the quotient is rounded to float32 once. One vector alone comes out unchanged, bit
// for bit. Vectors of zero rows count for nothing. NaN and infinite weights follow the usual rules of addition; every NaN
// of the result has the same bits.
//
// A vector may be in pieces, which are averaged by their places (Cut, Join), in a group or one by one (Layout.OneByOne): the same bits. So has the mean that who needs it makes of the vectors
// (JoinMean), where they are so small that this costs less than a stage of the pipeline.
//
// Failure: vectors of different length in one sum, a sum over no rows at all, or vectors that have not come together fail the pipeline.
package average
