package reporting

import (
	"context"
	"slices"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/pipelines/report"
)

// argumentColumns are the columns of a summary that say what fit was told, and how it ended.
var argumentColumns = []string{
	"source_table", "validation_table", "model_arch_table", "model_id", "compile_params", "fit_params", "num_iterations", "metrics_compute_frequency",
	"object_table", "name", "description", "dependent_varname", "dependent_vartype", "independent_varname", "num_classes", "normalizing_const", "weight_varname",
	"start_training_time", "end_training_time", "stopped_iteration", "stop_reason", "model_iteration", "model_size", "madlib_version",
}

// argumentNames are the names of columns that say something else than what they hold, or not in what unit.
var argumentNames = map[string]string{"madlib_version": "version", "model_size": "model_size (kB)", "weight_varname": "weight of rows"}

// Arguments are what fit was told and how it ended, as the summary has it.
func Arguments(row tables.SummaryRow) []report.Fact {
	var facts []report.Fact
	for _, name := range argumentColumns {
		v := row.Col(name)
		if v == nil || v.IsNull(0) {
			continue
		}
		text, _ := table.FormatValue(v, 0)
		if label, ok := argumentNames[name]; ok {
			name = label
		}
		facts = append(facts, report.Fact{Name: name, Value: text})
	}
	return facts
}

// Runs are the runs that name a table among their arguments, those that began first first.
func Runs(ctx context.Context, store table.Store, name table.Name) ([]report.Run, error) {
	all, err := store.Runs(ctx)
	if err != nil {
		return nil, err
	}
	var out []report.Run
	for _, r := range slices.Backward(all) {
		names := slices.ContainsFunc(r.Args, func(arg string) bool {
			n, err := table.ParseName(arg)
			return err == nil && (n == name || n.Table == name.Table && (n.Schema == "" || name.Schema == ""))
		})
		if !names {
			continue
		}
		until := r.Ended
		if until.IsZero() {
			until = r.Heartbeat
		}
		out = append(out, report.Run{
			ID: r.ID, State: string(r.State), Command: append([]string{"beamfit", r.Command}, r.Args...), Message: r.Message,
			Started: r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), Took: until.Sub(r.Started).Round(100 * time.Millisecond).String(),
			Where: r.Owner + "@" + r.Host, Version: r.Version,
		})
	}
	return out, nil
}
