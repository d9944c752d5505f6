package tables

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
)

// A ModelSummary is the row of a model's summary table: MADlib's columns, types and order.
type ModelSummary struct {
	Source, Model, ArchTable string // as typed; ArchTable "": the network came from no table
	ID                       int
	Variables                Variables // of the packed source table
	Compile, Fit             string    // as typed
	Iterations               int
	Validation               string // as typed; "": none
	ObjectTable              string // with its schema, so that it is found whatever the search path is; "": none
	Frequency                int
	Name, Description        *string
	Version                  string // of beamfit
	Weights                  int    // P
	Started, Ended           time.Time
	NumClasses               []int
	MetricsType              []string // nil: none
	MetricNames              []string // of all that scores hold
	LossType                 string
	Reports                  []Report // one per entry of metrics_iters
	Of                       Report   // of the iteration whose weights the model has
	Precision                string   // that was asked for; "": none
	Rounds                   *Rounds  // when shards met, where that was not MADlib's rule
	// With callbacks that act on scores:
	WithCallbacks bool
	Done          int    // iterations
	Stopped       string // why they ended the fit; "": they did not
}

// modelSize is the size in KB that MADlib 1.18 records for P weights: 4 bytes each and 37 of overhead.
func modelSize(weights int) float64 { return float64(4*weights+37) / 1024 }

// timestamp writes a time as PostgreSQL prints a timestamp without time zone.
func timestamp(t time.Time) string {
	s := t.Format("2006-01-02 15:04:05.000000")
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Schema is that of the summary table: MADlib's 34 columns and the class values of each dependent variable; then, where
// there are several metrics, their names and values; where callbacks act on scores, the iteration after which they ended the fit, why, and
// the one whose weights the model has; where shards met by another rule than MADlib's, which; where a precision was asked for, it; where rows have weights their column; where labels are numeric their types; and where independent
// variables are made from columns how.
func (m *ModelSummary) Schema() table.Schema {
	s := table.Schema{
		{Name: "source_table", Type: table.TextType},
		{Name: "model", Type: table.TextType},
		{Name: "dependent_varname", Type: table.TextArrayType},
		{Name: "independent_varname", Type: table.TextArrayType},
		{Name: "model_arch_table", Type: table.TextType},
		{Name: "model_id", Type: table.Int32Type},
		{Name: "compile_params", Type: table.TextType},
		{Name: "fit_params", Type: table.TextType},
		{Name: "num_iterations", Type: table.Int32Type},
		{Name: "validation_table", Type: table.TextType},
		{Name: "object_table", Type: table.TextType},
		{Name: "metrics_compute_frequency", Type: table.Int32Type},
		{Name: "name", Type: table.TextType},
		{Name: "description", Type: table.TextType},
		{Name: "model_type", Type: table.TextType},
		{Name: "model_size", Type: table.Float64Type},
		{Name: "start_training_time", Type: table.TimestampType},
		{Name: "end_training_time", Type: table.TimestampType},
		{Name: "metrics_elapsed_time", Type: table.Float64ArrayType},
		{Name: "madlib_version", Type: table.TextType},
		{Name: "num_classes", Type: table.Int32ArrayType},
		{Name: "dependent_vartype", Type: table.TextArrayType},
		{Name: "normalizing_const", Type: table.Float32Type},
		{Name: "metrics_type", Type: table.TextArrayType},
		{Name: "loss_type", Type: table.TextType},
		{Name: "training_metrics_final", Type: table.Float64Type},
		{Name: "training_loss_final", Type: table.Float64Type},
		{Name: "training_metrics", Type: table.Float64ArrayType},
		{Name: "training_loss", Type: table.Float64ArrayType},
		{Name: "validation_metrics_final", Type: table.Float64Type},
		{Name: "validation_loss_final", Type: table.Float64Type},
		{Name: "validation_metrics", Type: table.Float64ArrayType},
		{Name: "validation_loss", Type: table.Float64ArrayType},
		{Name: "metrics_iters", Type: table.Int32ArrayType},
	}
	for _, v := range m.Variables.Dependents {
		if v.Classes != nil {
			s = append(s, table.Column{Name: v.ClassColumn(), Type: v.Classes.Type})
		}
	}
	if len(m.Variables.Dependents) > 0 && !slices.ContainsFunc(m.Variables.Dependents, func(v Variable) bool { return v.Classes != nil }) {
		v := m.Variables.Dependents[0]
		s = append(s, table.Column{Name: v.ClassColumn(), Type: table.ParseType(v.Kind)})
	}
	if len(m.MetricNames) > 1 {
		s = append(s,
			table.Column{Name: MetricNamesColumn, Type: table.TextArrayType},
			table.Column{Name: "training_" + MetricValuesColumn, Type: table.Float64ArrayType},
			table.Column{Name: "validation_" + MetricValuesColumn, Type: table.Float64ArrayType})
	}
	if m.WithCallbacks {
		s = append(s,
			table.Column{Name: "stopped_iteration", Type: table.Int32Type},
			table.Column{Name: "stop_reason", Type: table.TextType},
			table.Column{Name: "model_iteration", Type: table.Int32Type})
	}
	s = append(s, m.Rounds.schema()...)
	if m.Precision != "" {
		s = append(s, table.Column{Name: "precision", Type: table.TextType})
	}
	if m.Variables.Weight != nil {
		s = append(s, table.Column{Name: weightColumn, Type: table.TextType})
	}
	if slices.Contains(m.Variables.numeric(), true) {
		s = append(s, table.Column{Name: labelTypeColumn, Type: table.TextArrayType})
	}
	if m.Variables.IsMade() {
		s = append(s, table.Column{Name: FeatureColumns, Type: table.JSONType})
	}
	return s
}

// Row is the summary as a batch of one row.
func (m *ModelSummary) Row() (*table.Batch, error) {
	s := m.Schema()
	values := map[string]any{
		"source_table":              m.Source,
		"model":                     m.Model,
		"dependent_varname":         labels(m.Variables.Dependents),
		"independent_varname":       labels(m.Variables.Independents),
		"compile_params":            m.Compile,
		"fit_params":                m.Fit,
		"num_iterations":            m.Iterations,
		"metrics_compute_frequency": m.Frequency,
		"model_type":                "madlib_keras",
		"model_size":                modelSize(m.Weights),
		"start_training_time":       timestamp(m.Started),
		"end_training_time":         timestamp(m.Ended),
		"madlib_version":            m.Version,
		"num_classes":               m.NumClasses,
		"dependent_vartype":         kinds(m.Variables.Dependents),
		"normalizing_const":         m.Variables.Normalize,
		"loss_type":                 m.LossType,
	}
	if m.ArchTable != "" {
		values["model_arch_table"], values["model_id"] = m.ArchTable, m.ID
	}
	if m.Validation != "" {
		values["validation_table"] = m.Validation
	}
	if m.ObjectTable != "" {
		values["object_table"] = m.ObjectTable
	}
	if m.Name != nil {
		values["name"] = *m.Name
	}
	if m.Description != nil {
		values["description"] = *m.Description
	}
	if len(m.MetricsType) > 0 {
		values["metrics_type"] = m.MetricsType
	}
	m.addReports(values)
	if w := m.Variables.Weight; w != nil {
		values[weightColumn] = w.label
	}
	m.Rounds.fill(values)
	values["precision"] = m.Precision
	values["model_iteration"] = m.Of.Iteration
	if m.Stopped != "" {
		values["stopped_iteration"], values["stop_reason"] = m.Done, m.Stopped
	}
	values[labelTypeColumn] = labelTypes(m.Variables.numeric())
	if m.Variables.IsMade() {
		document, err := features.Format(m.Variables.Made())
		if err != nil {
			return nil, fmt.Errorf("summary row: %w", err)
		}
		values[FeatureColumns] = document
	}
	for _, v := range m.Variables.Dependents {
		if v.Classes != nil {
			values[v.ClassColumn()] = v.Classes.Value(0)
		}
	}
	row := make([]any, len(s))
	for i, c := range s {
		row[i] = values[c.Name]
	}
	b := table.NewBatch(s)
	if err := b.Append(row...); err != nil {
		return nil, fmt.Errorf("summary row: %w", err)
	}
	return b, nil
}

// addReports fills the columns that grow with every evaluation. A column without values is NULL: metrics where there is
// no metric, validation where there is no validation table. The columns of all metrics have a row per evaluation.
func (m *ModelSummary) addReports(values map[string]any) {
	var iterations []int
	var elapsed []float64
	for _, r := range m.Reports {
		iterations = append(iterations, r.Iteration)
		elapsed = append(elapsed, r.Elapsed.Seconds())
		for prefix, s := range map[string]*Scores{"training": r.Training, "validation": r.Validation} {
			if s != nil {
				all, _ := values[prefix+"_"+MetricValuesColumn].(table.Array)
				for _, x := range s.Values() {
					all.Elems = append(all.Elems, x)
				}
				all.Shape = []int{len(iterations), len(s.Metrics)}
				values[prefix+"_"+MetricValuesColumn] = all
			}
			for suffix, x := range map[string]any{"_metrics": s.FirstMetric(), "_loss": s.LossValue()} {
				if x == nil {
					continue
				}
				list, _ := values[prefix+suffix].([]float64)
				values[prefix+suffix] = append(list, x.(float64))
			}
		}
	}
	for prefix, s := range map[string]*Scores{"training": m.Of.Training, "validation": m.Of.Validation} {
		values[prefix+"_metrics_final"], values[prefix+"_loss_final"] = s.FirstMetric(), s.LossValue()
	}
	values[MetricNamesColumn] = m.MetricNames
	values["metrics_iters"], values["metrics_elapsed_time"] = iterations, elapsed
}

func labels(vs []Variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.label
	}
	return out
}

func kinds(vs []Variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.Kind
	}
	return out
}
