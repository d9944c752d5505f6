package pipelines

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

// A box is a collect.Box of a job, and what holds it in the store where it is not in memory.
type box struct {
	collect.Box
	output table.Output // nil: in memory
}

// newBox makes an empty box for what a pipeline of the job leaves: in memory where the workers are this process, else in the
// store, in the schema of the table that the job writes. dropBox drops it; all go with the job.
func (j *job) newBox(ctx context.Context, name string, beside table.Name) (*box, error) {
	if err := j.lease(ctx, beside); err != nil {
		return nil, err
	}
	b := &box{Box: collect.Box{Run: j.worker, Name: name}}
	if !j.remote {
		return b, nil
	}
	if err := j.keepInStore(ctx, b, beside); err != nil {
		return nil, err
	}
	b.Output = &collect.Output{Ref: j.ref, ID: b.output.ID()}
	return b, nil
}

// lease makes, once, the output by which workers of other processes know that the job goes on. It must be called before a pipeline
// is built that needs no box.
func (j *job) lease(ctx context.Context, beside table.Name) error {
	if !j.remote || j.worker.Lease != nil {
		return nil
	}
	b := new(box)
	if err := j.keepInStore(ctx, b, beside); err != nil {
		return err
	}
	j.worker.Lease = &bundle.Lease{Ref: j.ref, Output: b.output.ID()}
	return nil
}

// keepInStore gives a box an output that is never committed, so that the name of its table is never seen.
func (j *job) keepInStore(ctx context.Context, b *box, beside table.Name) (err error) {
	spec := table.TableSpec{
		Name:   table.Name{Schema: beside.Schema, Table: "beamfit_box_" + strings.ToLower(rand.Text())},
		Schema: collect.Schema, Ordered: true,
	}
	if b.output, err = j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec}}); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.boxes = append(j.boxes, b)
	return nil
}

// dropBox forgets a box and what it holds.
func (j *job) dropBox(ctx context.Context, b *box) {
	if b.output == nil {
		b.Forget()
		return
	}
	abort(ctx, b.output)
	j.mu.Lock()
	j.boxes = slices.DeleteFunc(j.boxes, func(other *box) bool { return other == b })
	j.mu.Unlock()
}
