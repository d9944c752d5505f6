// Package exchange moves tables between a store, whichever it is, and CSV, Parquet and JSON lines files: it is what the commands import
// and export do.
//
// An import becomes a table whole or not at all. An export is written beside its destination under a temporary name, made
// durable and renamed: a file that was there before is replaced by a complete one or stays. Only into a device, a pipe or a file that a process has open, as
// /dev/stdout is one, it is written directly. What a killed export leaves under its temporary name goes with the next export into the folder. Rows stream
// in both directions. Errors name the file and, where they are about a value, the place in it.
package exchange
