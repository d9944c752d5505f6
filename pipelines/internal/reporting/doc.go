// Package reporting reads what a report says of a model: its network, the arguments that it was fitted with, the runs that name it, and how it
// predicts the rows of a packed table.
//
// Rows are predicted in this process and not by a pipeline: a report is made by one who waits for it. Buffers are worked on side by side, as many
// as the job has workers, which is all that is in memory at once beside the scores that curves are drawn of: 16 bytes per row and class, of at most
// curveClasses classes. No result depends on the order in which buffers are done.
//
// Failure: a packed table that the model cannot predict is an error as in evaluate; one that is not there any more is a note in the report.
package reporting
