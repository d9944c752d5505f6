// Package csvio reads and writes the CSV files that people have.
//
// # Form
//
// Records end at a line feed, or at a carriage return and a line feed, or at a carriage return where there are no line feeds; the last end may
// be missing. Fields are divided by a comma or another ASCII character. A field that begins with a double quote ends at the next single one and
// may hold anything, with doubled quotes for quotes. A field without quotes may not hold any. Every record has as many fields as the
// first; empty lines are dropped where a record has several fields, also before the first. This is RFC 4180, and what COPY ... WITH (FORMAT csv) of
// PostgreSQL writes. Compression and encodings are package textfile's affair.
//
// The delimiter that is not given is the one of comma, semicolon, tab and bar that divides the beginning of the file into records of the
// same number of fields. Where several do, the file is refused. Reader.Notices says what was found that may have been meant otherwise.
//
// NULL is a field without quotes that equals Options.Null (by default an empty one). "" is an empty text; in columns of other types than
// text it is NULL, and so is Options.Null in quotes.
//
// Numbers may have decimal commas: in all columns where Options.Decimal says so; where it says nothing, in a column whose type is
// inferred, if all its values are numbers with commas or integers and a comma that is followed by other than three digits shows that they
// do not mark thousands.
//
// Arrays are in PostgreSQL's form, {1,2} and {{1,2},{3,4}}, or JSON lists, [1,2]; they contain commas, so they need double
// quotes where the delimiter is a comma. Writer writes the first form, and all values as PostgreSQL prints them.
//
// # Types
//
// Columns whose type is not given are inferred from all of their values: boolean (t, f, true, false), bigint, double
// precision, bigint[], double precision[], date (2024-02-29) or timestamp without time zone (2024-02-29 23:59:59.5) if every value is one, else
// text: so are days and times in other spellings. Integers of which one does not fit bigint are numeric, which keeps their digits. Numbers with zeros in front, such as 00501, are
// taken for codes: text. A column without values is text.
//
// # Failure
//
// Whatever the bytes are, reading ends in rows or in an *Error that names file, line and column. Memory is bounded by
// the longest record, which may have 256 MiB.
package csvio
