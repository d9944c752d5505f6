// Package tables is the tables that jobs read and write beside the user's own: architecture and object tables, packed tables with their
// summaries, models with theirs. It has the names of all columns, their order and types, and reads and writes their rows.
//
//	architecture table   a row per network: model_id, model_arch, model_weights, name, description
//	object table         a row per loss or metric of a person's own: id, name, description, object (its text)
//	packed table         buffers (package packed), and its summary: one row (PackedSummary)
//	model table          one row: model_weights, model_arch; and its summary: one row (ModelSummary)
//	checkpoint           the box of a course: package fitting
//
// Columns, types and order are MADlib's, so that either of the two reads what the other has written; what beamfit has besides stands behind
// them, and a table may have further columns, which are left alone. A summary is found by the name of its table and SummarySuffix.
// Variables are what both summaries say of the data: columns, classes, how features were made.
//
// Errors name the table by what it is to the job ("source table"), then the column and row. Reading bounds nothing: the tables but for
// packed ones are small.
package tables
