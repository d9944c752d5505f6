// Package madlib has MADlib's functions for a proxy: their names, arguments and texts as data, and what each does by a call into
// pipelines.
//
// # Words
//
//	Function   a row of the table: name, parameters with MADlib's names, types and defaults, and the job it stands for
//	Value      an argument as the server has evaluated it: text and the object id of its type
//	Call       the arguments of one call, by parameter
//	Job        what a call runs with: the store, its seed and settings, and somebody to tell of progress
//
// # Guarantees
//
// Arguments fit parameters as they do in PostgreSQL: by implicit casts only, constants in quotes fit everything, and names are
// looked up. What does not fit is the error that PostgreSQL gives, with the function's arguments as a hint. An argument for which
// beamfit has nothing is refused by its name, never ignored, and so is a function of another page of MADlib. Errors have the SQLSTATE that their cause
// has in PostgreSQL. Messages name parameters, settings and functions where pipelines names flags and commands.
package madlib
