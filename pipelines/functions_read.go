package pipelines

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// readFunctions reads the functions of an object table that compile parameters name, by their names; nil where they name none, and then
// the table need not be there.
func readFunctions(ctx context.Context, store table.Store, text string, compile *params.Compile) (map[string]string, error) {
	needed := trainer.Functions(*compile)
	if len(needed) == 0 || text == "" {
		return nil, nil
	}
	snap, err := openInput(ctx, store, "object", text)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	name := snap.Info().Name
	functions, err := functionsOf(ctx, store, snap, needed)
	if err != nil {
		return nil, fmt.Errorf("object table %s: %w", name, err)
	}
	return functions, nil
}

func functionsOf(ctx context.Context, store table.Store, snap table.Snapshot, needed []string) (map[string]string, error) {
	info := snap.Info()
	if err := checkTable(info.Name, info.Schema, objectSchema); err != nil {
		return nil, err
	}
	b, err := readAll(ctx, store, snap, []string{"name", "object"})
	if err != nil {
		return nil, err
	}
	functions := map[string]string{}
	for _, function := range needed {
		found := false
		for i := range b.Rows {
			if name, err := b.Cols[0].Text(i); err != nil || name != function {
				continue
			}
			if found {
				return nil, fmt.Errorf("the function %s stands in it twice", function)
			}
			found = true
			if functions[function], err = functionText(function, &b.Cols[1], i); err != nil {
				return nil, err
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no function %s, which compile_params name; %s", function, nearest.Known(function, texts(&b.Cols[0])))
		}
	}
	return functions, nil
}

// functionText is the text of an object.
func functionText(name string, objects *table.Vector, row int) (string, error) {
	object, err := objects.Binary(row)
	switch {
	case err != nil:
		return "", fmt.Errorf("function %s: column %q: %w", name, "object", err)
	case isPickle(object):
		return "", pickleError(name)
	case !utf8.Valid(object):
		return "", fmt.Errorf("function %s: the object is no text in UTF-8", name)
	}
	return string(object), nil
}

// summaryFunctions reads the functions that the compile parameters of a model's summary name, from the object table that the summary has.
func summaryFunctions(ctx context.Context, store table.Store, summary *table.Batch, compileParams string) (map[string]string, error) {
	compile, err := params.ParseCompile(compileParams)
	if err != nil { // whoever makes the model of them says so
		return nil, nil
	}
	functions, err := readFunctions(ctx, store, recordedObjectTable(summary), compile)
	if err != nil {
		return nil, fmt.Errorf("the model was trained with functions of its user's own: %w", err)
	}
	return functions, nil
}

// recordedObjectTable is that of a model's summary, "" where it has none.
func recordedObjectTable(summary *table.Batch) string {
	column := summary.Col("object_table")
	if column == nil || summary.Rows == 0 {
		return ""
	}
	text, err := column.Text(0)
	if err != nil {
		return ""
	}
	return text
}

// readFunctions reads the functions that the compile parameters name. A warm start finds them where the fit before had them.
func (f *fit) readFunctions(ctx context.Context) error {
	compile, err := params.ParseCompile(f.opt.Compile)
	if err != nil {
		return argument(err)
	}
	f.objectTable = f.opt.Functions
	own := trainer.Functions(*compile)
	if f.opt.WarmStart && f.objectTable == "" && len(own) > 0 {
		name, err := parseTable("model", f.opt.Model)
		if err != nil {
			return err
		}
		summary, _, err := readSummary(ctx, f.Store, "model", name)
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		if f.objectTable = recordedObjectTable(summary); f.objectTable == "" {
			return argument(f.unknownFunction(compile, own[0]))
		}
	}
	f.functions, err = readFunctions(ctx, f.Store, f.objectTable, compile)
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
