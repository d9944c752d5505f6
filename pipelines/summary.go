package pipelines

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
)

// A modelSummary is the row of a model's summary table: MADlib's columns, types and order.
type modelSummary struct {
	source, model, archTable string // as typed; archTable "": the network came from no table
	id                       int
	variables                variables // of the packed source table
	compile, fit             string    // as typed
	iterations               int
	validation, objectTable  string // as typed; "": none
	frequency                int
	name, description        *string
	weights                  int // P
	started, ended           time.Time
	numClasses               []int
	metricsType              []string // nil: none
	metricNames              []string // of all that scores hold
	lossType                 string
	reports                  []scoreReport // one per entry of metrics_iters
	of                       scoreReport   // of the iteration whose weights the model has
	// With callbacks that act on scores:
	withCallbacks bool
	done          int    // iterations
	stopped       string // why they ended the fit; "": they did not
}

// A scoreReport is what was computed after an iteration. Values are float32 numbers, as Keras computes them.
type scoreReport struct {
	Iteration            int
	Elapsed              time.Duration // since the start of training
	Training, Validation *scores       // Validation nil: no validation table
}

// scores are the loss and the metrics over a table: those of the first output in the order of compile_params, then those
// of the others.
type scores struct {
	Loss    float32
	Names   []string // of the metrics
	Metrics []float32
}

// first is the metric that MADlib's columns hold; nil where there is none.
func (s *scores) first() any {
	if s == nil || len(s.Metrics) == 0 {
		return nil
	}
	return float64(s.Metrics[0])
}

func (s *scores) loss() any {
	if s == nil {
		return nil
	}
	return float64(s.Loss)
}

// modelSize is the size in KB that MADlib 1.18 records for P weights: 4 bytes each and 37 of overhead.
func modelSize(weights int) float64 { return float64(4*weights+37) / 1024 }

// timestamp writes a time as PostgreSQL prints a timestamp without time zone.
func timestamp(t time.Time) string {
	s := t.Format("2006-01-02 15:04:05.000000")
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// schema is that of the summary table: MADlib's 34 columns and the class values of each dependent variable; then, where
// there are several metrics, their names and values; where callbacks act on scores, the iteration after which they ended the fit, why, and
// the one whose weights the model has; where rows have weights their column; where labels are numeric their types; and where independent
// variables are made from columns how.
func (m *modelSummary) schema() table.Schema {
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
	for _, v := range m.variables.dependents {
		if v.classes != nil {
			s = append(s, table.Column{Name: v.classColumn(), Type: v.classes.Type})
		}
	}
	if len(m.variables.dependents) > 0 && !slices.ContainsFunc(m.variables.dependents, func(v variable) bool { return v.classes != nil }) {
		v := m.variables.dependents[0]
		s = append(s, table.Column{Name: v.classColumn(), Type: table.ParseType(v.kind)})
	}
	if len(m.metricNames) > 1 {
		s = append(s,
			table.Column{Name: metricNamesColumn, Type: table.TextArrayType},
			table.Column{Name: "training_" + metricValuesColumn, Type: table.Float64ArrayType},
			table.Column{Name: "validation_" + metricValuesColumn, Type: table.Float64ArrayType})
	}
	if m.withCallbacks {
		s = append(s,
			table.Column{Name: "stopped_iteration", Type: table.Int32Type},
			table.Column{Name: "stop_reason", Type: table.TextType},
			table.Column{Name: "model_iteration", Type: table.Int32Type})
	}
	if m.variables.weight != nil {
		s = append(s, table.Column{Name: weightColumn, Type: table.TextType})
	}
	if slices.Contains(m.variables.numeric(), true) {
		s = append(s, table.Column{Name: labelTypeColumn, Type: table.TextArrayType})
	}
	if m.variables.isMade() {
		s = append(s, table.Column{Name: featureColumns, Type: table.JSONType})
	}
	return s
}

// row is the summary as a batch of one row.
func (m *modelSummary) row() (*table.Batch, error) {
	s := m.schema()
	values := map[string]any{
		"source_table":              m.source,
		"model":                     m.model,
		"dependent_varname":         labels(m.variables.dependents),
		"independent_varname":       labels(m.variables.independents),
		"compile_params":            m.compile,
		"fit_params":                m.fit,
		"num_iterations":            m.iterations,
		"metrics_compute_frequency": m.frequency,
		"model_type":                "madlib_keras",
		"model_size":                modelSize(m.weights),
		"start_training_time":       timestamp(m.started),
		"end_training_time":         timestamp(m.ended),
		"madlib_version":            Version,
		"num_classes":               m.numClasses,
		"dependent_vartype":         kinds(m.variables.dependents),
		"normalizing_const":         m.variables.normalize,
		"loss_type":                 m.lossType,
	}
	if m.archTable != "" {
		values["model_arch_table"], values["model_id"] = m.archTable, m.id
	}
	if m.validation != "" {
		values["validation_table"] = m.validation
	}
	if m.objectTable != "" {
		values["object_table"] = m.objectTable
	}
	if m.name != nil {
		values["name"] = *m.name
	}
	if m.description != nil {
		values["description"] = *m.description
	}
	if len(m.metricsType) > 0 {
		values["metrics_type"] = m.metricsType
	}
	m.addReports(values)
	if w := m.variables.weight; w != nil {
		values[weightColumn] = w.label
	}
	values["model_iteration"] = m.of.Iteration
	if m.stopped != "" {
		values["stopped_iteration"], values["stop_reason"] = m.done, m.stopped
	}
	values[labelTypeColumn] = labelTypes(m.variables.numeric())
	if m.variables.isMade() {
		document, err := features.Format(m.variables.made())
		if err != nil {
			return nil, fmt.Errorf("summary row: %w", err)
		}
		values[featureColumns] = document
	}
	for _, v := range m.variables.dependents {
		if v.classes != nil {
			values[v.classColumn()] = v.classes.Value(0)
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
func (m *modelSummary) addReports(values map[string]any) {
	var iterations []int
	var elapsed []float64
	for _, r := range m.reports {
		iterations = append(iterations, r.Iteration)
		elapsed = append(elapsed, r.Elapsed.Seconds())
		for prefix, s := range map[string]*scores{"training": r.Training, "validation": r.Validation} {
			if s != nil {
				all, _ := values[prefix+"_"+metricValuesColumn].(table.Array)
				for _, x := range s.values() {
					all.Elems = append(all.Elems, x)
				}
				all.Shape = []int{len(iterations), len(s.Metrics)}
				values[prefix+"_"+metricValuesColumn] = all
			}
			for suffix, x := range map[string]any{"_metrics": s.first(), "_loss": s.loss()} {
				if x == nil {
					continue
				}
				list, _ := values[prefix+suffix].([]float64)
				values[prefix+suffix] = append(list, x.(float64))
				if r.Iteration == m.of.Iteration {
					values[prefix+suffix+"_final"] = x
				}
			}
		}
	}
	values[metricNamesColumn] = m.metricNames
	values["metrics_iters"], values["metrics_elapsed_time"] = iterations, elapsed
}

func labels(vs []variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.label
	}
	return out
}

func kinds(vs []variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.kind
	}
	return out
}
