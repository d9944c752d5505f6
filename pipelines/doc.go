// Package pipelines has beamfit's jobs: split, preprocess, fit, evaluate and predict (also with a model of one's own, PredictBYOM) run as
// Beam pipelines over the tables of a store; load-model, delete-model, load-function, load-top-k, delete-function, plan, report, plot and
// gpus need none. Each is one function, with the arguments of the MADlib call that it stands for where there is one:
//
//	rows (store) --split--> rows (store)
//
//	rows (store) --read in parallel by partition--> permute -> pack -> buffers (store: packed table + its _summary)
//	buffers --by shard--> train passes (ParDo, weights as side input) --> average (CombinePerKey) ----> weights
//	      ^------------------------------- next iteration ------------------------------------'   |
//	                                     score train / validation buffers <------------------------'
//	                                                   '--> metrics rows --> model row + summary row (store)
//	rows (store) + model --> infer (ParDo) --> ranked prediction rows (store)
//
// The average is a CombinePerKey by the place of a piece of the weights, or a DoFn with a state for each place, or made by whoever trains next
// (internal/fitting).
//
// It is the only place where stores and transforms meet. A job has a file with its function and, where they are many, one that checks
// its arguments in MADlib's order. What works is below: internal/fitting and internal/inference, what all jobs have in common in
// internal/job, and the tables that they read and write beside the user's own in internal/tables.
//
// # Guarantees
//
// All that can be checked is checked before any work, and errors say what was found, what was expected and where. The output
// tables of a job appear together, complete, or not at all, also when the job is cancelled or the process killed. The result
// depends on the tables, the arguments and the seed: not on the runner, the number of workers or the order in which anything
// arrives.
//
// # Fit
//
// A fit is values that pass through pipelines (internal/fitting): a recipe (what the model is made from), the shards of its tables, a
// schedule (which iterations a pipeline has, which are scored, when a checkpoint is due) and a course (how far it is, and the box with its
// weights and optimizer states). A runner keeps what a pipeline has made until it ends, which is why there are several. A checkpoint, the
// table MODEL_checkpoint, is a course with all that the weights depend on; one of another fit, or another table, is an error before any
// work, and is left alone.
//
// # Running
//
// Env.Runner picks the Beam runner: "direct" runs in one goroutine of this process and starts at once; "prism" is Beam's
// portable local runner, in this process too, which starts with the first job that asks for it and cannot be stopped. It listens on a
// free port of every interface without asking who connects, and runs the programs that a job names. So a job refuses prism, before any
// work, in a process that shares its network with others, unless Env.PrismOpenPort is set: a program that is to use prism calls
// netns.Reexec first (package io/netns), which runs it again in a network namespace of its own. In this process a stage works on several elements at the same time,
// up to Env.Workers (package transforms/bundle). "flink" and "dataflow" are engines: they take pipelines with Env.RunnerOptions, their workers are processes of the
// program itself (Worker, Work), on whatever machine, and a job may go on there a moment longer than the process that submitted it. Several jobs may run at the
// same time.
//
// Cancelling the context stops a job within a second or so. The error of a job is the Go error that a transform
// or the store returned, not the text that a runner makes of it; an *ArgumentError is an argument that is wrong whatever the tables
// hold. Stores are found by the scheme of their URL where a program links them in (table.Open), by an import of io/fileio or io/pgio.
//
// A job changes no logger of the program. Beam's own log goes to slog's default logger as debug messages; for that of prism, which is
// another one, see QuietBeam.
//
// # Models
//
// OpenModel gives a model that Fit has made to the program: network, weights, history, and predictions for rows in memory.
package pipelines
