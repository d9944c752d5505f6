// Package tabletext writes the rows of a table as text: the aligned table and the expanded records of PostgreSQL's psql,
// CSV and JSON.
//
// Aligned and Expanded look exactly as psql prints them (border 1, ASCII lines), with two differences: a bytea of more than
// 16 bytes is shortened to its first 8 and its length, and the characters that override the direction of text are written as escapes,
// as psql writes control characters. Both walk the rows twice, first to find the widths, and hold no rows.
// So no stored value can steer a terminal or show itself in another order.
// CSV and JSON stream every value whole.
package tabletext
