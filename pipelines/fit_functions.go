package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// readFunctions reads the functions that the compile parameters name. A warm start finds them where the fit before had them.
func (f *fit) readFunctions(ctx context.Context) error {
	text := f.opt.Functions
	own := trainer.Functions(*f.compile)
	if f.opt.WarmStart && text == "" && len(own) > 0 {
		name, err := tables.ParseName("model", f.opt.Model)
		if err != nil {
			return err
		}
		summary, _, err := tables.ReadSummary(ctx, f.Store, "model", name)
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		if text = tables.RecordedObjectTable(summary); text == "" {
			return argument.Of(f.unknownFunction(own[0]))
		}
	}
	if text == "" {
		return nil
	}
	functions, at, err := tables.ReadFunctions(ctx, f.Store, text, f.compile)
	f.functions, f.objectTable = functions, at.String()
	return err
}

// unknownFunction is the error of a name in compile parameters that is none of Keras', where no object table is given.
func (f *fit) unknownFunction(name string) error {
	what, known := "metric", metric.Names()
	for _, call := range f.compile.Loss {
		if call.Name == name {
			what, known = "loss", loss.Names()
		}
	}
	return fmt.Errorf("compile_params: unknown %s %q; %s. A function of your own needs the object table that has it (--functions)", what, name, nearest.Known(name, known))
}
