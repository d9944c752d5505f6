package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// readFunctions reads the functions that the compile parameters name. A warm start finds them where the fit before had them.
func (f *fit) readFunctions(ctx context.Context) error {
	compile, err := params.ParseCompile(f.opt.Compile)
	if err != nil {
		return argument.Of(err)
	}
	f.objectTable = f.opt.Functions
	own := trainer.Functions(*compile)
	if f.opt.WarmStart && f.objectTable == "" && len(own) > 0 {
		name, err := tables.ParseName("model", f.opt.Model)
		if err != nil {
			return err
		}
		summary, _, err := tables.ReadSummary(ctx, f.Store, "model", name)
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		if f.objectTable = tables.RecordedObjectTable(summary); f.objectTable == "" {
			return argument.Of(f.unknownFunction(compile, own[0]))
		}
	}
	f.functions, err = tables.ReadFunctions(ctx, f.Store, f.objectTable, compile)
	return err
}

// unknownFunction is the error of a name in compile parameters that is none of Keras', where no object table is given.
func (f *fit) unknownFunction(compile *params.Compile, name string) error {
	what, known := "metric", metric.Names()
	for _, call := range compile.Loss {
		if call.Name == name {
			what, known = "loss", loss.Names()
		}
	}
	return fmt.Errorf("compile_params: unknown %s %q; %s. A function of your own needs the object table that has it (--functions)", what, name, nearest.Known(name, known))
}
