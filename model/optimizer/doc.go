// Package optimizer holds Keras' optimizers, one file each.
//
// # Vocabulary
//
// p are weights and g their gradients. A slot is an array of numbers as long as the weights that an optimizer keeps from
// one step to the next (moments, velocity). The iteration is the number of steps done before this one, from 0.
//
// # Numbers
//
// Formulas and defaults are those of Keras 3 (the same as tf.keras 2.11 and later), whose source is cited at each
// optimizer. None stands for an argument's default. Scalars are computed in float64 and rounded to float32 where they meet
// the weights.
//
// # Arguments of all optimizers
//
// learning_rate is a number or a schedule of keras.optimizers.schedules, written as a call. Two spellings of tf.keras 2 are
// accepted as well: lr for learning_rate, and decay, which lowers the rate to lr/(1 + decay·iteration)
// (keras/optimizer_v2/optimizer_v2.py, _decayed_lr). weight_decay shrinks the weights before each step; clipnorm,
// global_clipnorm and clipvalue bound the gradients before that. gradient_accumulation_steps makes one step of the rule of
// several (see readAccumulation); loss_scale_factor, and LossScaleOptimizer around an optimizer, change nothing in float32. use_ema, ema_momentum and ema_overwrite_frequency keep a moving
// average of the weights, which becomes the weights at the end (see Averaging). Steps are counted per shard: a schedule goes on from one
// iteration of training to the next, and its steps are those of one shard.
//
// # Failure
//
// New refuses an optimizer or schedule that is not in the tables, and arguments that it does not have or that are out of their range, before any step. A step
// cannot fail: weights that become NaN or infinite stay so.
//
// # Data and kernels
//
// Nothing here changes weights. A Rule is a struct of the numbers that stay, by which plans hold it, and is named by its kind; what
// changes from step to step, the learning rate of a schedule and corrections for running means, are Scalars, which
// Optimizer.Scalars computes once for a step. A device has a table of kernels by kind and needs these two.
//
// # Adding an optimizer
//
// An optimizer is one file with a Rule and a constructor, one row in the table of registry.go and, for a new kind, one in that of
// every device. A rule whose scalars are not the rate alone has a method correct, one whose slots do not start as zeros slotStart or startsAsWeights. One that
// looks at whole arrays has a method ofArrays, and one that is not the same for all of them a method of. A
// schedule is a function and a row in schedule.go.
package optimizer
