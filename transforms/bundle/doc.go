// Package bundle is what the DoFns of all transforms do the same way: they find the run that they work for, work on several
// elements at a time, load what they need once, and report errors.
//
// # Run
//
// A Run is one call of a job (Split, Fit, ...), whatever the number of its Beam pipelines, as seen in one process. A DoFn carries
// the run's Ref in an exported field and asks Of for the Run. A DoFn never needs the process that began the run: what it works
// with are values and addresses in its own fields and elements, and what a Run adds differs in this only:
//
//   - in the process that began the run tasks share the run's workers, stop when the caller's context ends or another
//     DoFn has failed, and progress (Advance, Watch) is heard; Fail keeps the first error as it is. Connect gives the store that the
//     run was begun with;
//   - in any other process tasks share as many workers as the Ref says, stop within seconds when another task of their bundle has failed
//     or the lease of the run has ended (Lease), and progress is heard by nobody. Fail writes the error into its text in a form that Decode reads out of the message that a runner makes of it.
//     Connect opens the store by its address, with secrets of the worker's environment, and refuses one in which it does not find the lease.
//
// After End, DoFns that a runner still starts in the process of the run find a Run that has ended, and do nothing.
//
// # Once
//
// Once keeps what is large or costly to make (a compiled model, the rows of a shard) in the process for as long as the run lasts:
// it is made at the first call with its key, from values and addresses, and all that ask at the same time wait for it. Nothing
// depends on who asked first, so a worker that takes the place of another one makes it again.
//
// # Tasks
//
// A runner may hand a stage all its elements in one bundle, on one goroutine: the direct runner always does, prism nearly
// always. A DoFn whose elements are worth more than a few milliseconds each therefore starts a task per element in
// ProcessElement and emits in FinishBundle:
//
//	func (f *fn) ProcessElement(ctx context.Context, e In, _ func(Out)) error {
//		return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Out, error) { return work(ctx, e) })
//	}
//	func (f *fn) FinishBundle(_ context.Context, emit func(Out)) error { return f.tasks.Finish(emit) }
//
// A DoFn that emits more than a worker should hold works and emits in ProcessElement (Do), one element after the other.
//
// There is no StartBundle: Flink's runner announces a bundle before it can answer for the bundle's side inputs.
//
// Such a DoFn should have an output that another stage uses, if only a count, and no side input where it can do without:
// while a stage with neither output, or with a side input, works, prism (2.77) waits for it in a busy loop, which costs a
// core.
//
// All tasks of a run share its workers, so Go blocks while all of them are busy. Results come out in the order of the
// elements, whatever order the tasks ended in. A panic in a task is an error. A task that can use several cores borrows the
// workers that are idle (Borrow, Parallel), so that the run never has more busy than it may.
package bundle
