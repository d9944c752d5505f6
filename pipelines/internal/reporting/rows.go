package reporting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/pipelines/report"
	"github.com/beamfit/beamfit/transforms/infer"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Model is what rows are predicted with.
type Model struct {
	*tables.TrainedModel
	Engine  *recipe.Loaded
	Outputs []infer.Output
	Refused error         // why the model cannot predict
	Ignored []loss.Ignore // of each output the class whose rows its loss does not count
}

// A rowsReport predicts the rows of a packed table for a report.
type rowsReport struct {
	*job.Job
	m      Model
	table  *tables.Packed
	layout buffer.Layout
	judges []*rowJudge // of the outputs

	shapes [][]int // of the inputs, as pictures
	total  int64   // rows

	mu   sync.Mutex // guards the judges, and what follows
	done int64      // rows
}

// Rows adds to a document what the model says of the rows of a packed table: that of the name test, or where it is "" the one that the model was
// validated with, or without one trained with.
func Rows(j *job.Job, m Model, test string, d *report.Document) error {
	name, kind, err := tableOf(m, test)
	if err != nil {
		return err
	}
	r := &rowsReport{Job: j, m: m}
	ctx := j.Run.Context()
	if m.Refused != nil {
		d.Notes = append(d.Notes, "No rows are predicted: "+m.Refused.Error()+".")
		return nil
	}
	r.table, err = tables.OpenPacked(ctx, j.Store, kind, name)
	if errors.Is(err, table.ErrNotExist) && test == "" {
		d.Notes = append(d.Notes, fmt.Sprintf("No rows are predicted: the %s table %s does not exist any more. --test names another packed table.", kind, name))
		return nil
	}
	if err != nil {
		return err
	}
	defer r.table.Close()
	if err := r.prepare(ctx, d); err != nil {
		return err
	}
	rows, err := r.walk(ctx)
	if err != nil {
		return err
	}
	d.Rows = &report.Rows{Table: r.table.Snap.Info().Name.String(), Kind: kind, Count: rows}
	for _, judge := range r.judges {
		out, notes, err := judge.output()
		if err != nil {
			return err
		}
		d.Rows.Outputs = append(d.Rows.Outputs, out)
		d.Notes = append(d.Notes, notes...)
	}
	return nil
}

// tableOf is the packed table whose rows are predicted.
func tableOf(m Model, test string) (name, kind string, err error) {
	row := tables.SummaryRow{Batch: m.Summary, Name: m.SummaryName()}
	if test != "" {
		return test, "test", nil
	}
	for _, c := range []struct{ column, kind string }{{"validation_table", "validation"}, {"source_table", "training"}} {
		text, ok, err := tables.Optional(row, c.column, (*table.Vector).Text)
		if err != nil || ok && text != "" {
			return text, c.kind, err
		}
	}
	return "", "", &table.ColumnError{Table: row.Name, Column: "source_table", Columns: row.Schema.Names()}
}

// prepare makes the checks of evaluate and the judges.
func (r *rowsReport) prepare(ctx context.Context, d *report.Document) error {
	if err := r.table.CheckColumns(); err != nil {
		return err
	}
	set, err := r.table.Shards(ctx, r.Store, r.table.What, r.m.Spec, 1)
	if err != nil {
		return err
	}
	r.layout = set.Layout
	what, other := "the training table", "the "+r.table.What+" table"
	if err := r.m.Variables.CompareFeatures(what, r.table.Variables, other); err != nil {
		return err
	}
	if err := r.table.CheckClasses(r.m.Variables, what); err != nil {
		return err
	}
	for _, warning := range r.m.Variables.Compare(what, r.table.Variables, other) {
		d.Notes = append(d.Notes, "Beware: "+warning+".")
	}
	for i, out := range r.m.Outputs {
		r.judges = append(r.judges, newRowJudge(out, r.layout.Labels[i], r.m.Ignored[i]))
	}
	r.total = set.Rows()
	for i, v := range r.layout.Inputs {
		r.shapes = append(r.shapes, reshaped(r.m.Spec, r.m.Spec.Inputs[i], v.Shape))
	}
	return nil
}

// reshaped is the shape that a network gives to an input of that shape first: images often lie in tables as vectors.
func reshaped(spec *keras.Spec, input int, shape []int) []int {
	for _, c := range spec.Calls {
		if _, ok := c.Layer.Config.(*keras.Reshape); ok && slices.Contains(c.Inputs, input) {
			return spec.Tensors[c.Outputs[0]].Shape
		}
	}
	return shape
}

// walk predicts all rows, buffers side by side, and counts them.
func (r *rowsReport) walk(ctx context.Context) (rows int64, err error) {
	parts, err := r.table.Snap.Partitions(ctx, 1)
	if err != nil {
		return 0, err
	}
	info := r.table.Snap.Info()
	columns := packed.Columns(r.layout, info.Schema.Index(packed.KeyColumn) >= 0)
	for i := range r.layout.Len() {
		columns = append(columns, r.layout.Variable(i).Name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	room := make(chan struct{}, r.Workers)
	var tasks sync.WaitGroup
	at := int64(0)
	for _, part := range parts {
		err = table.EachBatch(ctx, r.Store, part, table.ReadOptions{Columns: columns, BatchRows: 1}, func(b *table.Batch) error {
			for i := range b.Rows {
				d, err := packed.Describe(info.Name, b, i, at, r.layout)
				if err != nil {
					return err
				}
				buf, err := packed.Read(info.Name, b, i, at, d, r.layout)
				if err != nil {
					return err
				}
				at++
				rows += int64(buf.N)
				select {
				case room <- struct{}{}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				tasks.Go(func() {
					defer func() { <-room }()
					if err := r.judge(ctx, d.ID, buf); err != nil {
						cancel(err)
					}
				})
			}
			return nil
		})
		if err != nil {
			break
		}
	}
	tasks.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return rows, err
}

// judge predicts the rows of a buffer.
func (r *rowsReport) judge(ctx context.Context, id int64, b *buffer.Buffer) error {
	values := make([][]float32, len(r.m.Outputs))
	for k, o := range r.m.Outputs {
		values[k] = make([]float32, b.N*o.Width())
	}
	if err := r.m.Engine.Predict(ctx, b.Inputs, b.N, r.m.Weights, values); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, judge := range r.judges {
		width := judge.out.Width()
		for i := range b.N {
			row := judgedRow{buffer: id, row: i}
			row.features = func() (report.Image, string) { return r.features(b, i) }
			if err := judge.add(row, values[k][i*width:(i+1)*width], labelOf(b, k, i, judge.label)); err != nil {
				return fmt.Errorf("%s table: %w", r.table.What, &table.ValueError{Table: r.table.Snap.Info().Name, Column: judge.label.Name, Err: err})
			}
		}
	}
	r.done += int64(b.N)
	r.Progress(infer.Stage, "rows", r.done, r.total)
	return nil
}

// A label is that of one row: one-hot, or numbers.
type label struct {
	hot     []int16
	numbers []float32
}

// labelOf is the label of a row for output k.
func labelOf(b *buffer.Buffer, k, i int, v buffer.Variable) label {
	n := v.Size()
	if v.Numeric {
		return label{numbers: b.Numbers[k][i*n : (i+1)*n]}
	}
	return label{hot: b.Labels[k][i*n : (i+1)*n]}
}

// mostFeatures are the most numbers of a row that are shown.
const mostFeatures = 12

// features are those of a row: of an image the picture, of others the first numbers, as the user's table has them.
func (r *rowsReport) features(b *buffer.Buffer, i int) (report.Image, string) {
	var img report.Image
	var texts []string
	for k, v := range r.layout.Inputs {
		n := v.Size()
		values := b.Inputs[k][i*n : (i+1)*n]
		if img.URL == "" {
			if img = report.ImageOf(r.shapes[k], values); img.URL != "" {
				continue
			}
		}
		text := make([]string, 0, mostFeatures)
		for _, x := range values[:min(n, mostFeatures)] {
			text = append(text, fmt.Sprintf("%.6g", float64(x)*float64(r.table.Variables.Normalize)))
		}
		if n > mostFeatures {
			text = append(text, fmt.Sprintf("… (%d)", n))
		}
		line := strings.Join(text, ", ")
		if len(r.layout.Inputs) > 1 {
			line = v.Name + ": " + line
		}
		texts = append(texts, line)
	}
	return img, strings.Join(texts, "\n")
}
