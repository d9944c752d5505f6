// Package features makes arrays of float32 numbers from the columns of rows: numbers, booleans, times, categories and arrays, in the way of
// scikit-learn's ColumnTransformer.
//
// Words: a Variable is an independent variable that is made from columns; a Column is a column with the Steps that its values go through,
// one after the other; a Step is one function with what it has learned; Stats are what a pass over rows finds, from which steps learn.
//
// # The list
//
//	list     = item {"," item}
//	item     = term | "[" term {"," term} "]" ["AS" name]      brackets make one array of their terms
//	term     = name | "*" ["EXCEPT" "(" name {"," name} ")"] | function "(" argument {"," argument} ")"
//	argument = term | number | option "=" value                a function takes each of its terms by itself
//
// Names follow SQL (table.ParseName). A list of array columns alone is one variable per column, as ever; any other list without brackets is
// one array of all its terms, in their order. Table functions has the functions, docs/columns.md what they do.
//
// A list for the inputs of a model (List.ResolveFor) has variables for those that take text, which are made by what the model's layers look up
// (package lookup): a step that no list names, and that learns nothing.
//
// # The way of a value
//
//	rows --Stats.Add--> Stats --Merge--> Stats --Variable.Learn--> Variable --Encoder--> float32 numbers
//
// # Guarantees
//
// What is learned is exact, so that it depends on the rows only and not on the order in which they are read or parts of Stats merge: sums
// are fixed-point numbers that never round, the median counts every distinct value, and quotients are rounded once. The memory of Stats is
// bounded by the distinct values of the columns that are asked for them, and those by the limit of their function.
//
// A Variable with what it has learned is written as JSON and read back to the same bits. One Encoder, and so one arithmetic, serves those who
// pack rows and those who predict: float64 up to the last step, then one rounding to float32.
//
// # Failure
//
// A list that cannot be read, or a function that a column cannot go through, is an error before any row is read. A value that cannot become a
// number (missing without a rule for it, infinite, out of range, not among the categories or the texts of a layer) is a *table.ValueError with its column and row. A
// column with more distinct values than the limit is a *LimitError, which names the way out. JSON of foreign tables is checked as a whole
// by Variable.Check.
package features
