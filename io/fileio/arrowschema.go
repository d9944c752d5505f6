package fileio

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// metaDimsOf is the key under which the metadata of a field has the column whose array shapes it holds.
const metaDimsOf = "dims.of"

// arrowSchema is the Arrow schema of a part file: the table's columns, then the shapes of the columns in dims.
func arrowSchema(schema table.Schema, dims []int) *arrow.Schema {
	fields := make([]arrow.Field, 0, len(schema)+len(dims))
	taken := schema.Names()
	for _, c := range schema {
		fields = append(fields, arrowvec.Field(c, arrowvec.DataType(c.Type)))
	}
	for _, i := range dims {
		name := schema[i].Name + ".dims"
		for slices.Contains(taken, name) {
			name += "_"
		}
		taken = append(taken, name)
		fields = append(fields, arrow.Field{
			Name: name, Type: arrowvec.DimsType, Nullable: true,
			Metadata: arrow.NewMetadata([]string{metaDimsOf}, []string{schema[i].Name}),
		})
	}
	return arrow.NewSchema(fields, nil)
}
