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
//	UTF8, ENUM                       text
//	JSON                             json
//	BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY bytea
//	DATE                             date
//	TIME                             time without time zone
//	TIMESTAMP                        timestamp with time zone if the file says UTC, else without; to the microsecond
//	INT96                            timestamp without time zone, from 4714 BC to 294276, PostgreSQL's years
//	lists of these                   arrays; lists of lists, which must be rectangular, arrays of more dimensions
//
// Structures, maps and further types are left out with a notice, or refused by name where they are asked for or there is nothing else. Files that Writer made keep the exact types under beamfit.types in
// their metadata.
//
// # Compression and encodings read
//
// Snappy, gzip, Brotli, Zstandard and LZ4, both as such and in Hadoop's blocks; plain values, dictionaries, differences (DELTA_*), runs and
// BYTE_STREAM_SPLIT. Column chunks that the Parquet library cannot read are made plain, page by page, before it sees them. Others are refused by
// name, not as damage.
//
// # Types written
//
// Numbers, text, bytea and boolean as above; numeric and all other types as text; arrays as lists.
// The arrays of a column must all have the same number of dimensions, which the first batch decides.
//
// Pages are of format 2, compressed with Snappy unless that saves less than a sixteenth. A column chunk has a dictionary as long as most of its values
// have been there before and it is below 1 MiB. The metadata have the number of NULLs, and the least and the greatest value of scalar columns, but
// of boolean and bytea. The pages are made here, since Arrow's writer (v15) takes two and a half times the time for lists of numbers and writes no
// checksums; the schema is written by the library.
//
// # Checksums
//
// Every page that Writer writes has Parquet's checksum in its header (CRC-32 as gzip's, of the page as it is in the file). Those do not
// cover the headers and the metadata, so there are two more in places that the format leaves to programs, as 8 hexadecimal digits:
//
//	beamfit.page_headers.crc32  in the key_value_metadata of each column chunk: of the headers of its pages, one after the other
//	beamfit.footer.crc32        in those of the file: of all its metadata, with 00000000 in the place of the digits
//
// Reader checks what a file has of these before it uses the bytes, also in files of other programs: a column chunk is read
// through once when the first of its rows is asked for. In a file that Writer made no byte can change unnoticed.
//
// # Failure
//
// Damaged files end in table.ErrCorrupt, never in a panic. Rows stream in both directions: memory is a batch when reading, when
// writing a row group of about 16 MiB for every core, and one more. What the metadata and the page headers ask for is added up before the library asks for it: at
// most 10,000 columns, 384 MiB and four bytes more for each byte of the file in pages in use, 64 MiB and 64 bytes for each
// compressed byte in one page, 1 GiB and 256 bytes for each byte of the file in all pages, and in all rows. More is a damaged file.
package parquetio
