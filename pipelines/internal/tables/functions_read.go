package tables

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// ReadFunctions reads the functions of an object table that compile parameters name, by their names, and says which table that is: the name
// of its own, with its schema, whatever a search path makes of the text. The table must be there, and have
// rows, also where they name none.
func ReadFunctions(ctx context.Context, store table.Store, text string, compile *params.Compile) (functions map[string]string, at table.Name, err error) {
	snap, err := OpenInput(ctx, store, "object", text)
	if err != nil {
		return nil, at, err
	}
	defer snap.Close()
	at = snap.Info().Name
	if functions, err = functionsOf(ctx, store, snap, trainer.Functions(*compile)); err != nil {
		return nil, at, about("object", at, err)
	}
	return functions, at, nil
}

func functionsOf(ctx context.Context, store table.Store, snap table.Snapshot, needed []string) (map[string]string, error) {
	info := snap.Info()
	if err := checkTable(info.Name, info.Schema, ObjectSchema); err != nil || len(needed) == 0 {
		return nil, err
	}
	b, err := ReadAll(ctx, store, snap, []string{"name", "object"})
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
	case IsPickle(object):
		return "", PickleError(name)
	case !utf8.Valid(object):
		return "", fmt.Errorf("function %s: the object is no text in UTF-8", name)
	}
	return string(object), nil
}

// SummaryFunctions reads the functions that the compile parameters of a model's summary name, from the object table that the summary has. Where
// they name none it need not be there any more.
func SummaryFunctions(ctx context.Context, store table.Store, summary *table.Batch, compileParams string) (map[string]string, error) {
	compile, err := params.ParseCompile(compileParams)
	if err != nil { // whoever makes the model of them says so
		return nil, nil
	}
	text := RecordedObjectTable(summary)
	if text == "" || len(trainer.Functions(*compile)) == 0 {
		return nil, nil
	}
	functions, _, err := ReadFunctions(ctx, store, text, compile)
	if err != nil {
		return nil, fmt.Errorf("the model was trained with functions of its user's own: %w", err)
	}
	return functions, nil
}

// RecordedObjectTable is that of a model's summary, "" where it has none.
func RecordedObjectTable(summary *table.Batch) string {
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
