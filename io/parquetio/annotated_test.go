package parquetio

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

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
	const day = uint64(24 * time.Hour)
	leaf := schema.NewInt96Node("at", parquet.Repetitions.Required, -1)
	type instant struct {
		day   uint32
		nanos uint64
	}
	moment := func(at instant) (x parquet.Int96) {
		binary.LittleEndian.PutUint64(x[:], at.nanos)
		binary.LittleEndian.PutUint32(x[8:], at.day)
		return x
	}
	data := func(instants ...instant) []byte {
		return leafFile(t, leaf, func(c file.ColumnChunkWriter) error {
			var values []parquet.Int96
			for _, at := range instants {
				values = append(values, moment(at))
			}
			_, err := c.(*file.Int96ColumnChunkWriter).WriteBatch(values, nil, nil)
			return err
		})
	}
	_, rows, err := read(data(instant{}, instant{epochDay, day - 1000}, instant{lastDay, day - 1000}), memory.DefaultAllocator)
	if want := [][]string{{"4714-11-24 00:00:00 BC"}, {"1970-01-01 23:59:59.999999"}, {"294276-12-31 23:59:59.999999"}}; err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %q, error %v, want %q", rows, err, want)
	}
	for bad, want := range map[instant]string{
		{lastDay + 1, 0}:               "the timestamp of Julian day 109203528 is outside of what is read",
		{lastDay, day - 999}:           "the timestamp of Julian day 109203527, nanosecond 86399999999001, is outside of what is read",
		{epochDay, day}:                "the timestamp has nanosecond 86400000000000 of its day, which has 86400000000000",
		{epochDay, math.MaxUint64 - 1}: "the timestamp has nanosecond 18446744073709551614 of its day",
	} {
		_, _, err = read(data(instant{day: epochDay}, bad), memory.DefaultAllocator)
		if want = `column "at", after row 1: row 1: ` + want; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", bad, err, want)
		}
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
