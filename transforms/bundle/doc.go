// Package bundle is what the DoFns of all transforms share: the state of one pipeline run within this process, and the way
// a DoFn works on several elements at a time.
//
// # Run
//
// A Run joins the code that starts a pipeline with the DoFns that Beam starts somewhere else. A DoFn carries the run's ID in
// an exported field and asks Of for the Run. Through it a DoFn
//
//   - is stopped: Context ends when the caller's context ends, and as soon as any other DoFn of the run has failed;
//   - reports its error: Fail keeps the first one, unchanged, so that the caller of the pipeline gets the Go error itself and
//     not the text that a runner makes of it;
//   - tells its progress: Advance.
//
// In a worker of another process the ID is unknown; there Of answers with a Run that never ends, hears no progress and uses
// every CPU. After End, DoFns that a runner still starts find a Run that has ended, and do nothing.
//
// # Tasks
//
// A runner may hand a stage all its elements in one bundle, on one goroutine: the direct runner always does, prism nearly
// always. A DoFn whose elements are worth more than a few milliseconds each therefore starts a task per element in
// ProcessElement and emits in FinishBundle:
//
//	func (f *fn) StartBundle(_ context.Context, _ func(Out))    { f.tasks.Start(f.Run) }
//	func (f *fn) ProcessElement(ctx context.Context, e In, _ func(Out)) error {
//		return f.tasks.Go(ctx, func(ctx context.Context) (Out, error) { return work(ctx, e) })
//	}
//	func (f *fn) FinishBundle(_ context.Context, emit func(Out)) error { return f.tasks.Finish(emit) }
//
// Such a DoFn should have an output that another stage uses, if only a count, and no side input where it can do without:
// while a stage with neither output, or with a side input, works, prism (2.77) waits for it in a busy loop, which costs a
// core.
//
// All tasks of a run share its workers, so Go blocks while all of them are busy. Results come out in the order of the
// elements, whatever order the tasks ended in. A panic in a task is an error. A task that can use several cores borrows the
// workers that are idle, so that the run never has more busy than it may.
package bundle
