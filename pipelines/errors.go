package pipelines

import "github.com/beamfit/beamfit/pipelines/internal/argument"

// An ArgumentError is an argument of a function of this package that is wrong whatever the tables hold; errors.As finds it. Arguments that
// do not suit a table, such as a column that it lacks, are other errors. Its field Data says that the argument is data, as a rule the
// content of a file: a network's JSON, weights. Err is what is wrong.
type ArgumentError = argument.Error
