// Package parquetio reads and writes the Parquet files that people have.
//
// # Types read
//
//	BOOLEAN                          boolean
//	INT8, UINT8, INT16               smallint
//	UINT16, INT32                    integer
//	UINT32, INT64                    bigint
//	UINT64, DECIMAL                  numeric
//	FLOAT16, FLOAT                   real
//	DOUBLE                           double precision
//	UTF8                             text
//	BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY bytea
//	DATE                             date
//	TIME                             time without time zone
//	TIMESTAMP                        timestamp with time zone if the file says UTC, else without; to the microsecond
//	lists of these                   arrays; lists of lists, which must be rectangular, arrays of more dimensions
//
// Structures, maps and further types are refused by name. Files that Writer made keep the exact types under beamfit.types in
// their metadata.
//
// # Types written
//
// Numbers, text, bytea and boolean as above; numeric and all other types as text; arrays as lists.
// The arrays of a column must all have the same number of dimensions, which the first batch decides.
//
// # Failure
//
// Damaged files end in table.ErrCorrupt, never in a panic; a file that asks for absurd memory is damaged. Rows stream in
// both directions: memory is a batch when reading, a row group of about 32 MiB when writing.
package parquetio
