// Package tabletext writes the rows of a table as text: the aligned table and the expanded records of PostgreSQL's psql,
// CSV and JSON.
//
// Aligned and Expanded look exactly as psql prints them (border 1, ASCII lines), with one difference: a bytea of more than
// 16 bytes is shortened to its first 8 and its length. Both walk the rows twice, first to find the widths, and hold no rows.
// Control characters are written as escapes there, so no stored value can steer a terminal.
// CSV and JSON stream every value whole.
package tabletext
