package plan

import (
	"cmp"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
)

// A Run is a range of the weight vector that is trainable from end to end: Len elements at Weight of the weight vector,
// at Compact among the trainable elements only.
type Run struct{ Weight, Compact, Len int }

// TrainableRuns are the longest runs of trainable weights, in order, and T, their total length.
func TrainableRuns(spec *keras.Spec) (runs []Run, total int) {
	for _, l := range spec.Layers {
		for _, w := range l.Weights {
			if !graph.Trainable(l, w) || w.Size() == 0 {
				continue
			}
			if n := len(runs); n > 0 && runs[n-1].Weight+runs[n-1].Len == w.Offset {
				runs[n-1].Len += w.Size()
			} else {
				runs = append(runs, Run{w.Offset, total, w.Size()})
			}
			total += w.Size()
		}
	}
	return runs, total
}

// trainableSizes are the lengths of the arrays that are trainable, in the order of TrainableRuns.
func trainableSizes(spec *keras.Spec) []int {
	var sizes []int
	for _, l := range spec.Layers {
		for _, w := range l.Weights {
			if graph.Trainable(l, w) {
				sizes = append(sizes, w.Size())
			}
		}
	}
	return sizes
}

// compact is the place among the trainable elements of a trainable weight at an offset of the weight vector.
func compact(runs []Run, offset int) int {
	at, found := slices.BinarySearchFunc(runs, offset, func(r Run, off int) int { return cmp.Compare(r.Weight, off) })
	if !found {
		at--
	}
	return runs[at].Compact + offset - runs[at].Weight
}
