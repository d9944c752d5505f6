// Package jsonlio reads and writes JSON lines: files that have an object in every line, whose members are the fields of a row.
//
// # Types
//
// The members of all objects are the columns, in the order in which they first come; a member that an object lacks is NULL, as null is. A file without
// objects has the columns whose types are given.
// Types that are not given are found from all values of a member: true and false are boolean, numbers bigint or double precision, or numeric where all are integers and one does not fit bigint, texts
// date or timestamp without time zone where all are as PostgreSQL prints these, else text; lists of these arrays of them, lists of lists of equal lengths arrays of more dimensions. Different values of one kind together are
// the wider one: texts and numbers are text. Objects, and lists of anything else, are json.
//
// Writer and Objects write numbers, booleans, lists and json as JSON has them, everything else as the text that PostgreSQL prints. NaN and
// infinities, which JSON does not have, are texts.
//
// # Failure
//
// Whatever the bytes are, reading ends in rows or in an *Error that names file, line and member. Memory is bounded by the longest line, which
// may have 256 MiB, and 10,000 columns.
package jsonlio
