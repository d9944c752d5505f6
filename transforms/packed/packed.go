// Package packed is the form of a packed table: the columns that hold buffers, their names and types.
//
// Words: a buffer is many rows packed into one row of the table (package buffer); a variable is an input of the model or a label; a
// shard is all buffers with the same key, in the order of their numbers.
//
//	__dist_key__    integer    the key of the buffer's shard; a table without the column is one shard
//	<variable>      bytea      the values of the buffer's rows, for each variable
//	<variable>_shape integer[] the number of rows, and the shape of one
//	buffer_id       integer    the number of the buffer, from 0
//
// The last variable may be the weights of the rows, one number each (format 4); the summary names it.
//
// Tables that MADlib has packed have this form too, with the columns in any order and of any integer type.
//
// Failure: a column that is missing or of another type is a *table.ColumnError or *table.TableError; a row that does not describe a
// buffer is a *table.ValueError with column and row.
package packed

import (
	"fmt"
	"math/bits"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
)

// The columns that every packed table has; ShapeSuffix ends the names of the columns of shapes.
const (
	KeyColumn    = "__dist_key__"
	BufferColumn = "buffer_id"
	ShapeSuffix  = "_shape"
)

// latest is the latest version of the form that the summary of a packed table records. Format 1, which the summaries of MADlib's tables and
// older ones do not record, is the same as 2 but for the shards of buffers, which readers take from the table anyway. Format 3 is 2 with
// independent variables that are made from columns, which the summary describes: who does not know it would predict with other features.
// Format 4 has, as its last variable, the weights of the rows, and maybe variables as in 3: who does not know it would train without them.
const latest = 4

// FormatOf is the version of a table that Schema and ShardOf give; made: independent variables are made from columns; weighted: rows have
// weights.
func FormatOf(made, weighted bool) int {
	switch {
	case weighted:
		return 4
	case made:
		return 3
	}
	return 2
}

// CheckFormat refuses the tables of later versions.
func CheckFormat(format int) error {
	if format < 1 || format > latest {
		return fmt.Errorf("the packed table has format %d; this version of beamfit reads formats 1 to %d", format, latest)
	}
	return nil
}

// ShardOf is the shard of a buffer: the buffers of a shard follow each other, so that who reads a shard reads nothing else.
func ShardOf(buffer, buffers, shards int64) int64 {
	hi, lo := bits.Mul64(uint64(buffer), uint64(shards))
	shard, _ := bits.Div64(hi, lo, uint64(buffers))
	return int64(shard)
}

// Schema is that of a table of buffers with that layout.
func Schema(l buffer.Layout) table.Schema {
	s := table.Schema{{Name: KeyColumn, Type: table.Int32Type}}
	for i := range l.Len() {
		s = append(s, table.Column{Name: l.Variable(i).Name, Type: table.BytesType})
	}
	for i := range l.Len() {
		s = append(s, table.Column{Name: l.Variable(i).Name + ShapeSuffix, Type: table.Int32ArrayType})
	}
	return append(s, table.Column{Name: BufferColumn, Type: table.Int32Type})
}

// Row is the row of Schema that holds a buffer; it uses the buffer's memory.
func Row(b *buffer.Buffer, key, id int64) []any {
	p := b.Packed(id)
	row := []any{key}
	for _, v := range p.Values {
		row = append(row, v)
	}
	for _, s := range p.Shapes {
		row = append(row, s)
	}
	return append(row, id)
}

// Check reports columns that a packed table lacks or has with another type. It does not look at shapes.
func Check(info table.Info, l buffer.Layout) error {
	type want struct {
		column, kind string
		ok           func(table.Type) bool
	}
	wants := []want{{BufferColumn, "integer", table.Type.IsInteger}}
	for i := range l.Len() {
		name := l.Variable(i).Name
		wants = append(wants,
			want{name, "bytea", func(t table.Type) bool { return t.Kind == table.Bytes && !t.Array }},
			want{name + ShapeSuffix, "integer[]", func(t table.Type) bool { return t.Array && t.Elem().IsInteger() }})
	}
	if info.Schema.Index(KeyColumn) >= 0 {
		wants = append(wants, want{KeyColumn, "integer", table.Type.IsInteger})
	}
	for _, w := range wants {
		i := info.Schema.Index(w.column)
		if i < 0 {
			return &table.ColumnError{Table: info.Name, Column: w.column, Columns: info.Schema.Names()}
		}
		if t := info.Schema[i].Type; !w.ok(t) {
			return &table.TableError{Table: info.Name, Err: fmt.Errorf("column %q has type %s; a packed table has %s there", w.column, t, w.kind)}
		}
	}
	return nil
}

// Columns are those that describe buffers: all but the values. keyed: the table has the KeyColumn.
func Columns(l buffer.Layout, keyed bool) []string {
	names := []string{BufferColumn}
	if keyed {
		names = append(names, KeyColumn)
	}
	for i := range l.Len() {
		names = append(names, l.Variable(i).Name+ShapeSuffix)
	}
	return names
}
