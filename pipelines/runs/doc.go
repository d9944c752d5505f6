// Package runs records the commands that a program runs on a store, so that people can follow and cancel them from any machine:
//
//	run, ctx := runs.Begin(ctx, store, table.Run{ID: table.NewRunID(), Command: "fit", Args: args})
//	env.RunID, env.Progress, env.Submitted = run.ID(), run.Progress, run.Submitted
//	result, err := pipelines.Fit(ctx, env, opt)
//	run.End(err)
//
// A run is one command; its row in the store (table.Run) says how far it is. Once a second the row gets the latest progress, and somebody's
// wish to cancel the run reaches it: the context ends with ErrCancelled as its cause.
//
// # Guarantees
//
// The row never costs the run anything but milliseconds. A store that does not let the user have one is told of once (Unrecorded), and
// the run goes on without, and one that does not answer is waited for 5 seconds; a connection that is lost, or on which nothing moves, is tried again a second later. What a run writes of
// itself holds what the caller gave: arguments must be free of secrets.
package runs
