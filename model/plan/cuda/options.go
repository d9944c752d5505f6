package cuda

import "errors"

// ErrNotBuilt is the error of Open and Check in a program without GPU support.
var ErrNotBuilt = errors.New("this beamfit has no GPU support: GPUs need beamfit-cuda, the same program built with cgo and the tag gpu (docs/gpu.md)")

// Options are those of Open.
type Options struct {
	// Shards is how many shards this process trains, which share its GPUs' memory; 0: one.
	Shards int
	// Eager launches kernels one by one, not as a graph, to compare the two.
	Eager bool
}

// A GPU is one that a Device works on.
type GPU struct {
	// Number is that of the driver, Name the product's.
	Number int
	Name   string
	// Memory is what it has, and Share what one shard may take of it, in bytes.
	Memory, Share int64
	// Shards is how many share it.
	Shards int
}

// share is MADlib's: 0.9 of the memory, divided by the shards that share a GPU, of which the busiest has ⌈shards/GPUs⌉.
func share(memory int64, shards, gpus int) (bytes int64, per int) {
	per = max(1, (shards+gpus-1)/gpus)
	return memory / 10 * 9 / int64(per), per
}
