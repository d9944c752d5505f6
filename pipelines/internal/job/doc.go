// Package job is what all jobs have in common: the run that their pipelines belong to, the runner that these are submitted to, boxes for what
// a pipeline leaves, and claims on the tables that a job is going to make.
//
//	Begin --> Claim tables --> NewBox --> Pipeline --> ... --> End
//
// The Run is that of this process (package bundle). What DoFns hold of it is RunRef, a value that travels, and StoreRef is where they
// find the store. A Box is in memory where the workers are this process, else in parts of an output that is never committed.
//
// End must be called, and may be twice; Pipeline does when it fails. No task of this process runs then, boxes and claims are gone, and the
// connection to the engine is closed. The error of a pipeline is the very error of the task that failed, also where the task was in
// another process.
package job
