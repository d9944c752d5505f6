package parquetio

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// A column is one column of a Parquet file.
type column struct {
	name  string
	typ   table.Type
	depth int // lists in lists around the elements
	field int // its number among the file's fields
}

// columnOf finds the SQL type for a field of the file.
func columnOf(field *pqarrow.SchemaField, leaves leafTypes) (column, error) {
	f := *field.Field
	c, dt := column{name: f.Name}, f.Type
	for {
		list, ok := dt.(*arrow.ListType)
		if !ok {
			break
		}
		dt = list.Elem()
		c.depth++
	}
	elem, ok := elemTypes[dt.ID()]
	if annotated, is := leaves.annotated(field); is {
		elem = annotated
	}
	if !ok || c.depth > table.MaxDims {
		return c, fmt.Errorf("column %q has the type %s, which no table can hold", f.Name, f.Type)
	}
	c.typ = elem
	if c.depth > 0 {
		c.typ = elem.ArrayOf()
	}
	return c, nil
}

// leafTypes are what the leaves of a file's schema say of themselves, which the Arrow types do not tell.
type leafTypes struct {
	*schema.Schema
	int96 map[int]bool // those of INT96, which the schema calls bytes
}

// annotated is the type of a field where its leaf says more than the Arrow type: timestamps that are moments, in UTC, rather than readings of
// some clock (pqarrow calls them UTC in either case), INT96, and the bytes that are the texts of an enumeration or JSON.
func (l leafTypes) annotated(field *pqarrow.SchemaField) (t table.Type, ok bool) {
	for len(field.Children) > 0 {
		field = &field.Children[0]
	}
	i := field.ColIndex
	if i < 0 || i >= l.NumColumns() {
		return t, false
	}
	if l.int96[i] {
		return table.TimestampType, true
	}
	switch logical := l.Column(i).LogicalType().(type) {
	case *schema.TimestampLogicalType:
		return timestamptz, logical.IsAdjustedToUTC()
	case schema.EnumLogicalType:
		return table.TextType, true
	case schema.JSONLogicalType:
		return table.JSONType, true
	}
	return t, false
}

// typesKey is the key under which Writer keeps the SQL types of the columns, as a JSON list, in the file's metadata.
const typesKey = "beamfit.types"

// originalTypes are the SQL types that Writer kept, nil if it did not write the file.
func originalTypes(meta *metadata.FileMetaData) (types []string) {
	for _, kv := range meta.FileMetaData.KeyValueMetadata {
		if kv.Key == typesKey && kv.Value != nil {
			if json.Unmarshal([]byte(*kv.Value), &types) != nil {
				return nil
			}
		}
	}
	return types
}

// original is the type named, if values of it are written as those of type t are, else t.
func original(t table.Type, sql string) table.Type {
	o := table.ParseType(sql)
	if o.SQL == "" || !arrow.TypeEqual(arrowvec.DataType(o), arrowvec.DataType(t)) {
		return t
	}
	return o
}

var (
	date        = table.ParseType("date")
	timeOfDay   = table.ParseType("time")
	timestamptz = table.ParseType("timestamp with time zone")
)

var elemTypes = map[arrow.Type]table.Type{
	arrow.NULL: table.TextType,
	arrow.BOOL: table.BoolType,
	arrow.INT8: table.Int16Type, arrow.UINT8: table.Int16Type, arrow.INT16: table.Int16Type,
	arrow.UINT16: table.Int32Type, arrow.INT32: table.Int32Type,
	arrow.UINT32: table.Int64Type, arrow.INT64: table.Int64Type,
	arrow.UINT64: table.NumericType, arrow.DECIMAL128: table.NumericType, arrow.DECIMAL256: table.NumericType,
	arrow.FLOAT16: table.Float32Type, arrow.FLOAT32: table.Float32Type, arrow.FLOAT64: table.Float64Type,
	arrow.STRING: table.TextType,
	arrow.BINARY: table.BytesType, arrow.FIXED_SIZE_BINARY: table.BytesType,
	arrow.DATE32: date,
	arrow.TIME32: timeOfDay, arrow.TIME64: timeOfDay,
	arrow.TIMESTAMP: table.TimestampType,
}
