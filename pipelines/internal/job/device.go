package job

import (
	"context"

	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// checkGPUMath refuses what is no math of GPUs, and what nobody would use.
func (o *Options) checkGPUMath() error {
	if _, err := cuda.ParseMath(string(o.GPUMath)); err != nil {
		return argument.Errorf("GPU math: %w", err)
	}
	if o.GPUMath != "" && !o.GPUs {
		return argument.Errorf("GPU math %s needs GPUs, and the job is not to use them", o.GPUMath)
	}
	return nil
}

// checkGPUs finds out, before any work, whether the workers can have the GPUs that the job asks for: workers on other machines must see themselves.
func (j *Job) checkGPUs() error {
	switch {
	case !j.GPUs:
		return nil
	case !cuda.Built:
		return cuda.ErrNotBuilt // the workers are this program
	case j.Limits.Elsewhere:
		return nil
	}
	return cuda.Check(j.GPUMath)
}

// OnDevice is the recipe of a model for the device of the job. shards is how many of them a worker's GPUs may have to share; 0: none stay. A worker
// that is another process takes one GPU for itself, since there may be several on a machine.
func (j *Job) OnDevice(m recipe.Model, shards int) recipe.Model {
	if j.GPUs {
		m.GPUs, m.GPUMath, m.OneGPU, m.Shards = true, j.GPUMath, j.Remote, shards
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
