package pipelines

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// warnOfSharing says how much of a GPU a shard may take where it need not have one alone.
func (f *fit) warnOfSharing(made recipe.Model, model *recipe.Loaded) error {
	if made.OneGPU && made.Shards > 1 {
		f.warn([]string{fmt.Sprintf("each worker of runner %s takes one GPU, and which shards meet on it is the runner's choice: a shard may take 0.9/%d of the memory "+
			"of a GPU, as if all %d shards did", f.Runner, made.Shards, made.Shards)})
	}
	gpus, err := model.GPUs() // none where the workers are other processes
	if err == nil {
		f.warn(sharedGPUs(gpus, made.Shards))
	}
	return err
}

// sharedGPUs says how much of a GPU a shard may take where several share one.
func sharedGPUs(gpus []cuda.GPU, shards int) (warnings []string) {
	all := "1 GPU"
	if len(gpus) > 1 {
		all = fmt.Sprintf("%d GPUs", len(gpus))
	}
	for _, g := range gpus {
		if g.Shards > 1 {
			warnings = append(warnings, fmt.Sprintf("%d shards share %s: on GPU %d (%s) a shard may take %d of %d bytes; with as many GPUs as shards, "+
				"or fewer shards, each has more", shards, all, g.Number, g.Name, g.Share, g.Memory))
		}
	}
	return warnings
}

// nothingToTrain says what of a model training cannot change.
func nothingToTrain(spec *keras.Spec, losses []*loss.Loss) (warnings []string) {
	if !slices.ContainsFunc(spec.Weights, func(w *keras.Weight) bool { return w.Trainable }) {
		warnings = append(warnings, "no weight of the model is trainable: fit changes none")
	}
	for i, name := range spec.OutputNames() {
		if shape := spec.OutputShapes()[i]; shape[len(shape)-1] != 1 {
			continue
		}
		if spec.OutputActivation(i) == "softmax" {
			warnings = append(warnings, fmt.Sprintf("output %q is the softmax of one unit, which is 1 whatever the weights are: no training changes "+
				"what it predicts; a sigmoid tells two classes apart", name))
		}
		if _, cosine := losses[i].Output.(loss.CosineSimilarity); cosine {
			warnings = append(warnings, fmt.Sprintf("output %q has one unit, and the cosine of one number with another is 1 or -1: the loss "+
				"cosine_similarity trains nothing for it", name))
		}
	}
	return warnings
}
