// Package arrowvec turns table.Vector columns into Arrow arrays and back, column by column and without work per value
// beyond flat copies.
//
//	boolean           bool        Numeric, Text, Other   utf8
//	smallint          int16       bytea                  binary
//	integer           int32       T[]                    list<element>
//	bigint            int64
//	real, double      float32, float64
//
// NULL rows and NULL elements are validity bitmaps. The shapes of arrays that are not one-dimensional are a second Arrow
// column of type list<int32> (see Dims). Read trusts nothing: every offset and length is checked against the buffers
// before memory is asked for, so that arrays decoded from a damaged file end in an error.
package arrowvec
