package trainer

import "math/bits"

// shuffle writes a permutation of 0 to len(order)-1 that depends on the seed alone (Fisher and Yates).
func shuffle(order []int32, seed uint64) {
	identity(order)
	for i := len(order) - 1; i > 0; i-- {
		seed += 0x9e3779b97f4a7c15
		j, _ := bits.Mul64(finalise(seed), uint64(i+1)) // even within 2^-32: i is below 2^31
		order[i], order[j] = order[j], order[i]
	}
}

// shuffleBatches shuffles whole batches of the numbers 0 to len(order)-1; a short last batch stays the last.
//
// Source: keras/engine/training_utils.py, batch_shuffle (tf.keras 2).
func shuffleBatches(order []int32, batch int, seed uint64) {
	full := len(order) / batch
	shuffle(order[:full], seed)
	for k := full - 1; k >= 0; k-- { // from the end: batch k covers only entries from k on
		first := order[k] * int32(batch)
		for i := range batch {
			order[k*batch+i] = first + int32(i)
		}
	}
	for i := full * batch; i < len(order); i++ {
		order[i] = int32(i)
	}
}

// identity writes 0 to len(order)-1.
func identity(order []int32) {
	for i := range order {
		order[i] = int32(i)
	}
}
