package pipelines

import (
	"context"
	"os"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/gpus"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// A GPU is an NVIDIA GPU, as its driver describes it: "GPU 0: NVIDIA H200 (UUID: GPU-...)".
type GPU struct{ Hostname, Description string }

// GPUs are the GPUs of this machine, as nvidia-smi lists them, or the driver's files where that program is not there. None is no error; a
// driver that does not answer is one.
func GPUs(ctx context.Context) ([]GPU, error) {
	found, err := gpus.List(ctx)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	list := make([]GPU, len(found))
	for i, description := range found {
		list[i] = GPU{host, description}
	}
	return list, nil
}

// GPUTable is a list of GPUs as the table that GPUConfiguration writes, with the columns hostname and gpu_descr.
func GPUTable(list []GPU) (*table.Batch, error) {
	rows := table.NewBatch(tables.GPUSchema)
	for _, g := range list {
		if err := rows.Append(g.Hostname, g.Description); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// GPUConfigurationOptions are the arguments of GPUConfiguration: MADlib's gpu_configuration.
type GPUConfigurationOptions struct {
	Output  string
	Replace bool
}

// GPUConfiguration writes a table with the GPUs of this machine, which has no rows where there are none: MADlib's gpu_configuration.
func GPUConfiguration(ctx context.Context, env Env, opt GPUConfigurationOptions) ([]GPU, error) {
	j, err := env.begin(ctx, "gpus")
	if err != nil {
		return nil, err
	}
	defer j.End()
	target, err := tables.Destination{Store: j.Store, Replace: opt.Replace}.Parse(ctx, "output", opt.Output)
	if err != nil {
		return nil, err
	}
	if err := j.Claim(ctx, "output", target); err != nil {
		return nil, err
	}
	found, err := GPUs(j.Run.Context())
	if err != nil {
		return nil, err
	}
	rows, err := GPUTable(found)
	if err != nil {
		return nil, err
	}
	out, err := j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: tables.GPUSchema, Replace: opt.Replace, Ordered: true}}})
	if err != nil {
		return nil, err
	}
	defer tables.Abort(ctx, out)
	return found, tables.WriteAndCommit(ctx, j.Store, out, rows)
}
