package pipelines

import (
	"github.com/beamfit/beamfit/transforms/collect"
)

// newBox is an empty box for what a pipeline of the job leaves. Forget drops it; all go with the job.
func (j *job) newBox(name string) collect.Box {
	return collect.Box{Run: j.run.Ref(), Name: name}
}
