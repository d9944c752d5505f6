package job

import (
	"context"

	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// checkGPUs finds out, before any work, whether the workers can have the GPUs that the job asks for: workers on other machines must see themselves.
func (j *Job) checkGPUs() error {
	switch {
	case !j.GPUs:
		return nil
	case !cuda.Built:
		return cuda.ErrNotBuilt // the workers are this program
	case j.Limits.Spread:
		return nil
	}
	return cuda.Check()
}

// OnDevice is the recipe of a model for the device of the job. shards is how many of them a worker's GPUs may have to share; 0: none stay. A worker
// that is another process takes one GPU for itself, since there may be several on a machine.
func (j *Job) OnDevice(m recipe.Model, shards int) recipe.Model {
	if j.GPUs {
		m.GPUs, m.OneGPU, m.Shards = true, j.Remote, shards
	}
	return m
}

// Load makes the model in this process. Where the workers are others, this process only asks it, and needs no GPU for that.
func (j *Job) Load(ctx context.Context, m recipe.Model) (*recipe.Loaded, error) {
	if j.Remote {
		m.GPUs, m.OneGPU = false, false
	}
	return m.Load(ctx, j.Run)
}
