package pipelines

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/pipelines/report"
)

// Where the model is the average of the tail its scores are those of no iteration, which the summary has in columns of its own.
func TestResultsOfTail(t *testing.T) {
	loss := 0.5
	m := &Model{History: []ModelScore{{
		Iteration: 8, TrainingLoss: 0.25, TrainingMetrics: []NamedValue{{"accuracy", 0.75}, {"auc", 0.8}},
		ValidationLoss: &loss, ValidationMetrics: []NamedValue{{"accuracy", 0.5}, {"auc", 0.6}},
	}}}
	schema := table.Schema{{Name: "average_tail_kept", Type: table.BoolType}}
	for _, column := range []string{"training_loss_final", "training_metrics_final", "validation_loss_final", "validation_metrics_final"} {
		schema = append(schema, table.Column{Name: column, Type: table.Float64Type})
	}
	of := []report.Fact{
		{Name: "training loss", Value: "0.25"},
		{Name: "training accuracy", Value: "0.75"},
		{Name: "training auc", Value: "0.8"},
		{Name: "validation loss", Value: "0.5"},
		{Name: "validation accuracy", Value: "0.5"},
		{Name: "validation auc", Value: "0.6"},
		{Name: "iteration", Value: "8"},
		{Name: "time", Value: "0s"},
	}
	average := []report.Fact{
		{Name: "training loss", Value: "0.125"},
		{Name: "training accuracy", Value: "0.9"},
		{Name: "validation loss", Value: "0.375"},
		{Name: "validation accuracy", Value: "0.7"},
		{Name: "iteration", Value: "8, averaged with those before it"},
		{Name: "time", Value: "0s"},
	}
	for _, c := range []struct {
		kept any
		want []report.Fact
		note string
	}{
		{true, average, "The model is the average of the last iterations, of whose metrics the first alone is recorded."},
		{false, of, ""},
		{nil, of, ""},
	} {
		b := table.NewBatch(schema)
		if err := b.Append(c.kept, 0.125, 0.9, 0.375, 0.7); err != nil {
			t.Fatal(err)
		}
		got, note, err := results(tables.SummaryRow{Batch: b}, m)
		if d := cmp.Diff(c.want, got); d != "" || note != c.note || err != nil {
			t.Errorf("kept %v: %s, note %q, error %v", c.kept, d, note, err)
		}
	}
}
