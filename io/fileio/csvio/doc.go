// Package csvio reads and writes the CSV files that people have.
//
// # Form
//
// Records end at a line feed, or at a carriage return and a line feed; the last end may be missing. Fields are divided by
// a comma or another ASCII character. A field that begins with a double quote ends at the next single one and may hold
// anything, with doubled quotes for quotes. A field without quotes may not hold any. Every record has as many fields as the
// first; empty lines are dropped where a record has several fields. The text is UTF-8, a byte order mark is dropped. This is
// RFC 4180, and what COPY ... WITH (FORMAT csv) of PostgreSQL writes.
//
// NULL is a field without quotes that equals Options.Null (by default an empty one); "" is an empty text.
//
// Arrays are in PostgreSQL's form, {1,2} and {{1,2},{3,4}}, or JSON lists, [1,2]; they contain commas, so they need double
// quotes where the delimiter is a comma. Writer writes the first form, and all values as PostgreSQL prints them.
//
// # Types
//
// Columns whose type is not given are inferred from all of their values: boolean (t, f, true, false), bigint, double
// precision, bigint[], double precision[] if every value is one, else text. Numbers with zeros in front, such as 00501, are
// taken for codes: text. A column without values is text.
//
// # Failure
//
// Whatever the bytes are, reading ends in rows or in an *Error that names file, line and column. Memory is bounded by
// the longest record, which may have 256 MiB.
package csvio
