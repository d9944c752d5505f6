package tables

import "github.com/beamfit/beamfit/io/table"

// A SummaryRow is the first row of a summary.
type SummaryRow struct {
	*table.Batch
	Name table.Name
}

// Optional reads a column of the summary; ok is false where there is none, or it is NULL.
func Optional[T any](row SummaryRow, column string, read func(*table.Vector, int) (T, error)) (value T, ok bool, err error) {
	v := row.Col(column)
	if v == nil {
		return value, false, nil
	}
	value, err = read(v, 0)
	switch {
	case err == nil:
		return value, true, nil
	case isNull(err):
		return value, false, nil
	}
	return value, false, OfColumn(row.Name, column, err)
}

// RecordedMetrics are the names of the metrics of which the summary has values: all, or the one that MADlib's columns hold.
func RecordedMetrics(row SummaryRow) ([]string, error) {
	names, ok, err := Optional(row, MetricNamesColumn, (*table.Vector).Texts)
	if err != nil || ok {
		return names, err
	}
	names, _, err = Optional(row, "metrics_type", (*table.Vector).Texts)
	return names[:min(1, len(names))], err
}
