package pipelines

import (
	"fmt"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// readTraining reads from the summary how the model was trained. Columns that are missing or NULL leave fields empty.
func (m *Model) readTraining(t *tables.TrainedModel) error {
	row := tables.SummaryRow{Batch: t.Summary, Name: t.SummaryName()}
	for _, c := range []struct {
		column string
		set    func(text string)
	}{
		{"compile_params", func(s string) { m.Compile = s }},
		{"fit_params", func(s string) { m.Fit = s }},
		{"name", func(s string) { m.Name = &s }},
		{"description", func(s string) { m.Description = &s }},
	} {
		text, ok, err := tables.Optional(row, c.column, (*table.Vector).Text)
		if err != nil {
			return err
		}
		if ok {
			c.set(text)
		}
	}
	return m.readHistory(row)
}

// readHistory reads the columns that have an entry per iteration that was scored.
func (m *Model) readHistory(row tables.SummaryRow) error {
	iterations, ok, err := tables.Optional(row, "metrics_iters", (*table.Vector).Ints)
	if err != nil || !ok {
		return err
	}
	m.History = make([]ModelScore, len(iterations))
	for i, n := range iterations {
		m.History[i].Iteration = n
	}
	names, err := tables.RecordedMetrics(row)
	if err != nil {
		return err
	}
	named := func(values []float64) []NamedValue {
		out := make([]NamedValue, len(values))
		for i, x := range values {
			out[i] = NamedValue{names[i], x}
		}
		return out
	}
	metrics := "_metrics"
	if len(names) > 1 {
		metrics = "_" + tables.MetricValuesColumn
	}
	for _, c := range []struct {
		column string
		width  int // numbers of an entry
		set    func(s *ModelScore, values []float64)
	}{
		{"metrics_elapsed_time", 1, func(s *ModelScore, v []float64) { s.Elapsed = time.Duration(v[0] * float64(time.Second)) }},
		{"training_loss", 1, func(s *ModelScore, v []float64) { s.TrainingLoss = v[0] }},
		{"validation_loss", 1, func(s *ModelScore, v []float64) { s.ValidationLoss = &v[0] }},
		{"training" + metrics, len(names), func(s *ModelScore, v []float64) { s.TrainingMetrics = named(v) }},
		{"validation" + metrics, len(names), func(s *ModelScore, v []float64) { s.ValidationMetrics = named(v) }},
	} {
		if c.width == 0 {
			continue
		}
		values, ok, err := tables.Optional(row, c.column, (*table.Vector).Reals)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if want := len(iterations) * c.width; len(values) != want {
			return tables.OfColumn(row.Name, c.column, fmt.Errorf("found %d elements, expected %d as metrics_iters has %d", len(values), want, len(iterations)))
		}
		for i := range m.History {
			c.set(&m.History[i], values[i*c.width:(i+1)*c.width])
		}
	}
	return nil
}
