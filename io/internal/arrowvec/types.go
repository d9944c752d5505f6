package arrowvec

import (
	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/table"
)

// DimsType is the type of a column that holds the shapes of another column's arrays.
var DimsType arrow.DataType = arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)

// DataType is the Arrow type that holds values of type t.
func DataType(t table.Type) arrow.DataType {
	if t.Array {
		return arrow.ListOf(elemType(t.Kind))
	}
	return elemType(t.Kind)
}

// MetaType is the key under which the metadata of a field has the SQL type of the column.
const MetaType = "sql.type"

// Field is the Arrow field of a column whose values have Arrow type dt.
func Field(c table.Column, dt arrow.DataType) arrow.Field {
	return arrow.Field{
		Name: c.Name, Type: dt, Nullable: true,
		Metadata: arrow.NewMetadata([]string{MetaType}, []string{c.Type.SQL}),
	}
}

func elemType(k table.Kind) arrow.DataType {
	switch k {
	case table.Bool:
		return arrow.FixedWidthTypes.Boolean
	case table.Int16:
		return arrow.PrimitiveTypes.Int16
	case table.Int32:
		return arrow.PrimitiveTypes.Int32
	case table.Int64:
		return arrow.PrimitiveTypes.Int64
	case table.Float32:
		return arrow.PrimitiveTypes.Float32
	case table.Float64:
		return arrow.PrimitiveTypes.Float64
	case table.Bytes:
		return arrow.BinaryTypes.Binary
	}
	return arrow.BinaryTypes.String
}

// kindOf is the kind whose values have Arrow type dt; the kinds held as text are all Text.
func kindOf(dt arrow.DataType) (table.Kind, bool) {
	switch dt.ID() {
	case arrow.BOOL:
		return table.Bool, true
	case arrow.INT16:
		return table.Int16, true
	case arrow.INT32:
		return table.Int32, true
	case arrow.INT64:
		return table.Int64, true
	case arrow.FLOAT32:
		return table.Float32, true
	case arrow.FLOAT64:
		return table.Float64, true
	case arrow.STRING:
		return table.Text, true
	case arrow.BINARY:
		return table.Bytes, true
	}
	return 0, false
}
