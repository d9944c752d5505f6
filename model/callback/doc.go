// Package callback holds Keras' callbacks: what a fit does after an iteration besides training on.
//
//	list, err := callback.New(fit.Callbacks, callback.Model{...})  // checked
//	run := list.Begin()
//	for iteration := 1; ; iteration++ {
//		rate, err := run.Before(iteration)        // the learning rate of the iteration
//		...
//		outcome := run.After(iteration, logs)     // where it was scored
//	}
//
// # Vocabulary
//
// Logs are the values that are known after an iteration, under Keras' names: loss, the metrics, val_loss and so on, learning_rate. The
// monitor is the value that a callback looks at. An epoch of Keras is an iteration: iteration 1 is epoch 0. A Run is where the
// callbacks of one fit are; an Outcome is what they decide after an iteration.
//
// # Guarantees
//
// Decisions are those of Keras 3 where every iteration is scored, comparisons in float32 included. They depend on the arguments and on
// the logs of all iterations only: a Run that is given the logs of a fit again is where that fit was, so that a fit that was
// stopped needs no state of its callbacks to go on. Where iterations are scored now and then only, patience and cooldown count all
// of them, the unscored ones as well.
//
// Nothing here writes files: what CSVLogger and TensorBoard write is an Outcome's Logged.
//
// # Failure
//
// New refuses callbacks and arguments that are not known, by name, and monitors that no logs will have. What Keras would do and makes no sense here
// (a file of a model, where there is a table) is among the notices, or refused.
//
// # Adding a callback
//
// A callback is one file with a constructor, which reads the arguments, and a row in the table of list.go.
package callback
