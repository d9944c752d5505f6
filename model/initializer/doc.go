// Package initializer draws the initial weights of a model: Keras 3's initializers (keras.initializers), one file each.
//
// # Same seed, same weights
//
// Every array draws from a stream of its own, made from the run's seed and the array's index in Spec.Weights. So the
// values of one array depend neither on the other arrays nor on the order of drawing. An initializer that states a
// seed of its own draws from that seed alone, as in Keras: two arrays of one shape with equal seeds are equal, whatever
// the run's seed. The streams are ChaCha8 (math/rand/v2), not Keras' generators: the distributions are Keras', the
// numbers are not.
//
// Draws are computed in float64 and rounded to float32. Products are rounded before they are added (the float64
// conversions in the code), so that processors with a fused multiply-add give the same numbers.
//
// # Failure
//
// What an initializer must have is checked where the JSON is read (package keras). One that has passed there and is not known here is a mistake of the
// code, and panics.
package initializer
