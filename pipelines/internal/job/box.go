package job

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

// A Box is a collect.Box of a job, and what holds it in the store where it is not in memory.
type Box struct {
	collect.Box
	output table.Output // nil: in memory
}

// NewBox makes an empty box for what a pipeline of the job leaves: in memory where the workers are this process, else in the
// store, in the schema of the table that the job writes. DropBox drops it; all go with the job.
func (j *Job) NewBox(ctx context.Context, name string, beside table.Name) (*Box, error) {
	if err := j.Lease(ctx, beside); err != nil {
		return nil, err
	}
	b := &Box{Box: collect.Box{Run: j.RunRef, Name: name}}
	if !j.Remote {
		return b, nil
	}
	if err := j.keepInStore(ctx, b, beside); err != nil {
		return nil, err
	}
	b.Output = &collect.Output{Ref: j.StoreRef, ID: b.output.ID()}
	return b, nil
}

// Lease makes, once, the output by which workers of other processes know that the job goes on. It must be called before a pipeline
// is built that needs no box.
func (j *Job) Lease(ctx context.Context, beside table.Name) error {
	if !j.Remote || j.RunRef.Lease != nil {
		return nil
	}
	b := new(Box)
	if err := j.keepInStore(ctx, b, beside); err != nil {
		return err
	}
	j.RunRef.Lease = &bundle.Lease{Ref: j.StoreRef, Output: b.output.ID()}
	return nil
}

// keepInStore gives a box an output that is never committed, so that the name of its table is never seen.
func (j *Job) keepInStore(ctx context.Context, b *Box, beside table.Name) (err error) {
	spec := table.TableSpec{
		Name:   table.Name{Schema: beside.Schema, Table: "beamfit_box_" + strings.ToLower(rand.Text())},
		Schema: collect.Schema, Ordered: true,
	}
	if b.output, err = j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec}, Transient: true}); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.boxes = append(j.boxes, b)
	return nil
}

// DropBox forgets a box and what it holds.
func (j *Job) DropBox(ctx context.Context, b *Box) {
	if b.output == nil {
		b.Forget()
		return
	}
	tables.Abort(ctx, b.output)
	j.mu.Lock()
	j.boxes = slices.DeleteFunc(j.boxes, func(other *Box) bool { return other == b })
	j.mu.Unlock()
}
