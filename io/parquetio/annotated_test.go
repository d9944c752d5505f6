package parquetio

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// TestInt96 reads a file that pyarrow wrote; testdata/foreign.py makes it.
func TestInt96(t *testing.T) {
	data, err := os.ReadFile("testdata/int96.parquet")
	if err != nil {
		t.Fatal(err)
	}
	got, rows, err := read(data, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"timestamp without time zone", "timestamp without time zone", "timestamp without time zone[]"} {
		if got[i].Type.SQL != want {
			t.Errorf("column %s has type %s, want %s", got[i].Name, got[i].Type, want)
		}
	}
	var want [][]string
	for _, s := range []string{"0001-01-01 00:00:00", "1677-01-01 12:00:00", "2024-02-29 23:59:59.123456", "<null>", "9999-12-31 23:59:59.999999"} {
		list := `{"` + s + `"}`
		if s == "<null>" {
			list = "{NULL}"
		}
		want = append(want, []string{s, s, list})
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got %q, want %q", rows, want)
	}
}

// leafFile is a file of one column.
func leafFile(t *testing.T, leaf schema.Node, write func(file.ColumnChunkWriter) error) []byte {
	t.Helper()
	var out bytes.Buffer
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{leaf}, -1)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(&out, root)
	g := w.AppendRowGroup()
	c, err := g.NextColumn()
	if err == nil {
		err = write(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{c.Close, g.Close, w.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestInt96OutOfRange(t *testing.T) {
	leaf := schema.NewInt96Node("at", parquet.Repetitions.Required, -1)
	moment := func(day uint32) (x parquet.Int96) {
		x[8], x[9], x[10], x[11] = byte(day), byte(day>>8), byte(day>>16), byte(day>>24)
		return x
	}
	data := func(days ...uint32) []byte {
		return leafFile(t, leaf, func(c file.ColumnChunkWriter) error {
			var values []parquet.Int96
			for _, d := range days {
				values = append(values, moment(d))
			}
			_, err := c.(*file.Int96ColumnChunkWriter).WriteBatch(values, nil, nil)
			return err
		})
	}
	_, rows, err := read(data(0, epochDay, lastDay), memory.DefaultAllocator)
	if want := [][]string{{"4714-11-24 00:00:00 BC"}, {"1970-01-01 00:00:00"}, {"294276-12-31 00:00:00"}}; err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %q, error %v, want %q", rows, err, want)
	}
	_, _, err = read(data(epochDay, lastDay+1), memory.DefaultAllocator)
	if err == nil || !strings.Contains(err.Error(), `column "at", after row 1: row 1: the timestamp of Julian day 109203528 is outside of what is read`) {
		t.Errorf("got %v", err)
	}
}

// Bytes that the file calls the texts of an enumeration, or JSON, are that.
func TestAnnotatedBytes(t *testing.T) {
	for _, c := range []struct {
		logical schema.LogicalType
		text    string
		want    string
		value   string
	}{
		{schema.EnumLogicalType{}, "red", "text", "red"},
		{schema.JSONLogicalType{}, `{"a": 1}`, "json", `{"a": 1}`},
		{schema.BSONLogicalType{}, "\x01", "bytea", `\x01`},
		{schema.NoLogicalType{}, "A", "bytea", `\x41`},
	} {
		for _, converted := range []bool{false, true} {
			leaf, err := schema.NewPrimitiveNodeLogical("v", parquet.Repetitions.Required, c.logical, parquet.Types.ByteArray, 0, -1)
			if converted {
				kind, _ := c.logical.ToConvertedType()
				leaf, err = schema.NewPrimitiveNodeConverted("v", parquet.Repetitions.Required, parquet.Types.ByteArray, kind, 0, 0, 0, -1)
			}
			if err != nil {
				t.Fatal(err)
			}
			data := leafFile(t, leaf, func(w file.ColumnChunkWriter) error {
				_, err := w.(*file.ByteArrayColumnChunkWriter).WriteBatch([]parquet.ByteArray{[]byte(c.text)}, nil, nil)
				return err
			})
			got, rows, err := read(data, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Type.SQL != c.want || rows[0][0] != c.value {
				t.Errorf("%v: %s %q, want %s %q", c.logical, got[0].Type, rows[0][0], c.want, c.value)
			}
		}
	}
}
