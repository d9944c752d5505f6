package tables

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/packed"
)

// The columns of the summary of a packed table that that of a model has as well, or has its own names for.
const (
	classValuesSuffix = "_class_values"
	FormatColumn      = "packed_format"
	weightColumn      = "weight_varname" // only where rows have weights
)

// A PackedSummary is the row of a packed table's summary: MADlib's columns, types and order, then label_type where a label is numeric,
// feature_columns where independent variables are made from columns, weight_varname where rows have weights, and the packed_format.
type PackedSummary struct {
	Source, Output string // as typed
	Dependents     []PackedLabel
	Independents   []string             // as typed
	Made           []*features.Variable // per independent variable; nil: it is a column of arrays
	Weight         string               // as typed; "": rows have no weights
	BufferSize     int64
	Normalize      float32
	NumClasses     []int
	Segments       Segments // that get buffers
}

// A PackedLabel is a dependent variable of a packed table.
type PackedLabel struct {
	Column  table.Column // of the source
	Label   string       // as typed
	Numeric bool
	Classes classes.List // nil: one-hot arrays, or numbers
	Padding int          // classes of labels beyond these
}

// Row is the row as a table.
func (s PackedSummary) Row() (*table.Batch, error) {
	labels, types, numeric := []string{}, []string{}, make([]bool, len(s.Dependents))
	for i, d := range s.Dependents {
		labels, types, numeric[i] = append(labels, d.Label), append(types, d.Column.Type.String()), d.Numeric
	}
	var schema table.Schema
	var row []any
	add := func(name string, t table.Type, value any) {
		schema = append(schema, table.Column{Name: name, Type: t})
		row = append(row, value)
	}
	add("source_table", table.TextType, s.Source)
	add("output_table", table.TextType, s.Output)
	add("dependent_varname", table.TextArrayType, labels)
	add("independent_varname", table.TextArrayType, s.Independents)
	add("dependent_vartype", table.TextArrayType, types)
	none := true
	for _, d := range s.Dependents {
		if d.Classes == nil {
			continue
		}
		none = false
		kind := d.Column.Type
		if kind.Array { // of classes
			kind = kind.Elem()
		}
		values := table.Vector{Type: classes.ValuesType(kind)}
		if err := values.AppendTextArray(d.Classes.Values(d.Padding)); err != nil {
			return nil, fmt.Errorf("class values of column %q: %w", d.Column.Name, err)
		}
		add(d.Column.Name+classValuesSuffix, values.Type, values.Value(0))
	}
	if none {
		c := s.Dependents[0].Column
		add(c.Name+classValuesSuffix, c.Type, nil)
	}
	add("buffer_size", table.Int32Type, s.BufferSize)
	add("normalizing_const", table.Float32Type, s.Normalize)
	add("num_classes", table.Int32ArrayType, s.NumClasses)
	rules, config, t := s.Segments.columns()
	add("distribution_rules", t, rules)
	add("__internal_gpu_config__", t, config)
	if slices.Contains(numeric, true) {
		add(labelTypeColumn, table.TextArrayType, labelTypes(numeric))
	}
	document, isMade, err := featureDocument(s.Made)
	if err != nil {
		return nil, err
	}
	if isMade {
		add(FeatureColumns, table.JSONType, document)
	}
	if s.Weight != "" {
		add(weightColumn, table.TextType, s.Weight)
	}
	add(FormatColumn, table.Int32Type, packed.FormatOf(isMade, s.Weight != ""))
	if err := schema.Check(); err != nil {
		return nil, fmt.Errorf("the summary of the packed table: %w", err)
	}
	b := table.NewBatch(schema)
	return b, b.Append(row...)
}
