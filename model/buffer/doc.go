// Package buffer is the packed minibatch: many rows as one Arrow record batch, and the same rows as the bytes of one row of
// a packed table.
//
// # Layout
//
// A buffer of N rows has one column per variable: first the independent variables (the model's inputs), then the dependent
// ones (its labels). A row of a variable is an array of fixed shape, D elements in row-major order. As an Arrow record batch
// each variable is a FixedSizeList of D elements, without NULLs:
//
//	record batch          column i                       its only value buffer (little-endian)
//	+----------------+    FixedSizeList<float32>[D]      +-----------+-----------+---+-------------+
//	| x       y      |    inputs, 4 bytes per element    |  row 0    |  row 1    |...|  row N-1    |
//	| float32 int16  |                                   +-----------+-----------+---+-------------+
//	| [4]     [3]    |    FixedSizeList<int16>[K]         D elements  D elements      D elements
//	| N rows         |    labels, 2 bytes per element
//	+----------------+    one-hot over K classes
//
// A packed table stores exactly the value buffers, one bytea each, and beside each the shape {N, dims of a row ...}, as
// MADlib does:
//
//	x bytea (4*N*D bytes) | y bytea (2*N*K bytes) | x_shape {N,4} | y_shape {N,3} | buffer_id
//
// For two rows x = (1, 2), (3, 4) with labels of classes 0 and 2 out of 3:
//
//	x        00 00 80 3f  00 00 00 40 | 00 00 40 40  00 00 80 40      x_shape {2,2}
//	y        01 00  00 00  00 00      | 00 00  00 00  01 00           y_shape {2,3}
//
// A label that is numeric, which MADlib does not have, is float32 as an input is: K numbers of 4 bytes each.
//
// So going from one form to the other copies bytes once and converts nothing (on a little-endian machine).
//
// # Limits and failure
//
// A value has at most MaxBytes bytes, which is what PostgreSQL takes. Packed rows are foreign bytes: Read checks that
// byte lengths and shapes agree before it allocates anything, and its errors are *Error, which name the buffer and column.
package buffer
