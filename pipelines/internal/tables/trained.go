package tables

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A TrainedModel is a model table with its summary.
type TrainedModel struct {
	*Model
	Name      table.Name // of the model table
	Summary   *table.Batch
	Variables Variables // of the training rows
}

// ReadTrained reads a model table and its summary.
func ReadTrained(ctx context.Context, store table.Store, text string) (*TrainedModel, error) {
	stored, err := ReadModel(ctx, store, text)
	if err != nil {
		return nil, err
	}
	name, err := ParseName("model", text)
	if err != nil {
		return nil, err
	}
	t := &TrainedModel{Model: stored, Name: name}
	if t.Summary, t.Variables, err = ReadSummary(ctx, store, "model", name); err != nil {
		return nil, err
	}
	if err := t.Variables.CheckTexts(t.Model, "the training table", "fit takes a table that preprocess --arch has packed for the model"); err != nil {
		return nil, t.OfSummary(err)
	}
	return t, nil
}

func (t *TrainedModel) SummaryName() table.Name { return t.Name.WithSuffix(SummarySuffix) }

// OfSummary is an error about what the summary says.
func (t *TrainedModel) OfSummary(err error) error {
	return fmt.Errorf("model summary: %w", &table.TableError{Table: t.SummaryName(), Err: err})
}
