package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/inference"
	"github.com/beamfit/beamfit/pipelines/internal/reporting"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/pipelines/report"
)

// ReportOptions are the arguments of Report.
type ReportOptions struct {
	// Model is the model table.
	Model string
	// Test is a packed table whose rows are predicted; "": the validation table of the model, or without one its training table, where they
	// still exist.
	Test string
}

// Report says what is known of a model: how it was trained, what it is made of, and how it predicts the rows of a packed table. Where the packed
// tables of its training are gone, a note says so. It runs no pipeline: rows are predicted in this process, on Env.Workers cores.
func Report(ctx context.Context, env Env, opt ReportOptions) (*report.Document, error) {
	j, err := env.begin(ctx, "report")
	if err != nil {
		return nil, err
	}
	defer j.End()
	m, t, err := openModel(ctx, j.Store, opt.Model)
	if err != nil {
		return nil, err
	}
	row := tables.SummaryRow{Batch: t.Summary, Name: t.SummaryName()}
	d := &report.Document{Name: t.Name.String(), Made: "beamfit " + Version, Network: reporting.Network(t.Spec), Arguments: reporting.Arguments(row)}
	if m.Description != nil {
		d.Description = *m.Description
	}
	var note string
	if d.Results, note, err = results(row, m); err != nil {
		return nil, err
	}
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	if len(m.History) > 0 {
		d.History = pictureFit(d.Name, m.History)
	}
	if len(m.History) == 1 {
		d.Notes = append(d.Notes, "One iteration was scored; fit --metrics-every 1 scores all of them.")
	}
	if err := reporting.Rows(j, reporting.Model{TrainedModel: t, Engine: m.engine, Outputs: m.predict, Refused: m.refused, Ignored: inference.IgnoredBy(t)}, opt.Test, d); err != nil {
		return nil, err
	}
	d.Runs, err = reporting.Runs(ctx, j.Store, t.Name)
	if errors.Is(err, table.ErrPermission) {
		d.Notes, err = append(d.Notes, "The runs of the store cannot be read: "+err.Error()), nil
	}
	return d, err
}

// results are the scores of the model, and a note on what of them is not known.
func results(row tables.SummaryRow, m *Model) (facts []report.Fact, note string, err error) {
	at := len(m.History) - 1
	if at < 0 {
		return nil, "", nil
	}
	if of, ok, err := tables.Optional(row, "model_iteration", (*table.Vector).Int); err != nil {
		return nil, "", err
	} else if ok {
		if i := slices.IndexFunc(m.History, func(s ModelScore) bool { return s.Iteration == int(of) }); i >= 0 {
			at = i
		}
	}
	of := m.History[at]
	iteration := fmt.Sprint(of.Iteration)
	tail, err := tables.TailKept(row)
	if err != nil {
		return nil, "", err
	}
	if tail {
		iteration += ", averaged with those before it"
		if len(of.TrainingMetrics) > 1 {
			note = "The model is the average of the last iterations, of whose metrics the first alone is recorded."
		}
		if of, err = finalScore(row, of); err != nil {
			return nil, "", err
		}
	}
	add := func(name string, value float64) {
		facts = append(facts, report.Fact{Name: name, Value: fmt.Sprintf("%.5g", value)})
	}
	add("training loss", of.TrainingLoss)
	for _, v := range of.TrainingMetrics {
		add("training "+v.Name, v.Value)
	}
	if of.ValidationLoss != nil {
		add("validation loss", *of.ValidationLoss)
		for _, v := range of.ValidationMetrics {
			add("validation "+v.Name, v.Value)
		}
	}
	facts = append(facts, report.Fact{Name: "iteration", Value: iteration}, report.Fact{Name: "time", Value: of.Elapsed.Round(time.Millisecond).String()})
	return facts, note, nil
}

// finalScore is the score of the model as the columns have it that are of no iteration, where last is that of the last: of its metrics the first.
func finalScore(row tables.SummaryRow, last ModelScore) (ModelScore, error) {
	final := ModelScore{Iteration: last.Iteration, Elapsed: last.Elapsed}
	metric := func(of []NamedValue, to *[]NamedValue) func(float64) {
		return func(x float64) {
			if len(of) > 0 {
				*to = []NamedValue{{of[0].Name, x}}
			}
		}
	}
	for _, c := range []struct {
		column string
		set    func(x float64)
	}{
		{"training_loss_final", func(x float64) { final.TrainingLoss = x }},
		{"training_metrics_final", metric(last.TrainingMetrics, &final.TrainingMetrics)},
		{"validation_loss_final", func(x float64) { final.ValidationLoss = &x }},
		{"validation_metrics_final", metric(last.ValidationMetrics, &final.ValidationMetrics)},
	} {
		x, ok, err := tables.Optional(row, c.column, (*table.Vector).Real)
		if err != nil {
			return final, err
		}
		if ok {
			c.set(x)
		}
	}
	return final, nil
}
