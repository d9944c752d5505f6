package pipelines

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/collect"
)

// A box is a collect.Box of a job, and what holds it in the store where it is not in memory.
type box struct {
	collect.Box
	output table.Output // nil: in memory
}

// newBox makes an empty box for what a pipeline of the job leaves: in memory where the workers are this process, else in the
// store, in the schema of the table that the job writes. drop drops it; all go with the job.
func (j *job) newBox(ctx context.Context, name string, beside table.Name) (*box, error) {
	b := &box{Box: collect.Box{Run: j.worker, Name: name}}
	if !j.remote {
		return b, nil
	}
	spec := table.TableSpec{
		Name:   table.Name{Schema: beside.Schema, Table: "beamfit_box_" + strings.ToLower(rand.Text())},
		Schema: collect.Schema, Ordered: true, // it is never committed, so the name is never seen
	}
	out, err := j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec}})
	if err != nil {
		return nil, err
	}
	b.output, b.Output = out, &collect.Output{Ref: j.ref, ID: out.ID()}
	j.mu.Lock()
	j.boxes = append(j.boxes, b)
	j.mu.Unlock()
	return b, nil
}

// dropBox forgets a box and what it holds.
func (j *job) dropBox(ctx context.Context, b *box) {
	b.Forget()
	if b.output == nil {
		return
	}
	abort(ctx, b.output)
	j.mu.Lock()
	j.boxes = slices.DeleteFunc(j.boxes, func(other *box) bool { return other == b })
	j.mu.Unlock()
}
