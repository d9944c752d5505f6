package ipcmeta

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// example has a column of every way values lie in buffers.
var example = arrow.NewSchema([]arrow.Field{
	{Name: "bool", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "int16", Type: arrow.PrimitiveTypes.Int16, Nullable: true},
	{Name: "int64", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
	{Name: "floats", Type: arrow.ListOf(arrow.PrimitiveTypes.Float32), Nullable: true},
	{Name: "texts", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	{Name: "shapes", Type: arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32), Nullable: true},
}, nil)

const exampleRows = `[
	{"bool": true, "int16": 1, "int64": 2, "text": "one", "bytes": "AAEC", "floats": [1.5, null, 3], "texts": ["a", "", null], "shapes": [3]},
	{"bool": null, "int16": null, "int64": null, "text": null, "bytes": null, "floats": null, "texts": null, "shapes": null},
	{"bool": false, "int16": -1, "int64": 9007199254740991, "text": "", "bytes": "", "floats": [], "texts": ["ü"], "shapes": []}]`

// write makes a record batch of JSON rows and the bytes of its message: the metadata and the body.
func write(t testing.TB, schema *arrow.Schema, rows string, opts ...ipc.Option) (record arrow.Record, metadata, body []byte) {
	t.Helper()
	record, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, append(opts, ipc.WithSchema(schema))...)
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	message := stream.Bytes()
	for range 2 { // the schema message, which has no body, and then the batch
		n, err := Prefix(message[:PrefixBytes])
		if err != nil {
			t.Fatal(err)
		}
		message = message[PrefixBytes:]
		metadata, message = message[:n], message[n:]
	}
	return record, metadata, message
}

// TestColumns reads what Arrow has written, column by column.
func TestColumns(t *testing.T) {
	for name, rows := range map[string]string{"rows": exampleRows, "no NULL": strings.Split(exampleRows, "},")[0] + "}]", "no rows": "[]"} {
		record, metadata, body := write(t, example, rows)
		b, err := Parse(metadata)
		if err != nil {
			t.Fatal(err)
		}
		if b.Rows != record.NumRows() || b.Body != int64(len(body)) {
			t.Errorf("%s: %d rows in %d bytes, want %d in %d", name, b.Rows, b.Body, record.NumRows(), len(body))
		}
		columns, err := b.Columns(example)
		if err != nil {
			t.Fatal(err)
		}
		end := int64(0)
		for i, c := range columns {
			if c.Begin != end {
				t.Errorf("%s: column %d begins at %d, the one before ends at %d", name, i, c.Begin, end)
			}
			end = c.End
			memory := Memory(c.End - c.Begin)
			copy(memory, body[c.Begin:c.End])
			got := array.MakeFromData(c.Data(memory))
			if want := record.Column(i); !array.Equal(got, want) || got.NullN() != want.NullN() {
				t.Errorf("%s: column %s is %v, want %v", name, example.Field(i).Name, got, want)
			}
		}
		if end != b.Body {
			t.Errorf("%s: the columns end at %d of %d", name, end, b.Body)
		}
	}
}

// TestDataShares: the data are the memory given, not a copy.
func TestDataShares(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int32}}, nil)
	_, metadata, body := write(t, schema, `[{"x": 1}, {"x": 2}]`)
	b, err := Parse(metadata)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := b.Columns(schema)
	if err != nil {
		t.Fatal(err)
	}
	memory := Memory(int64(len(body)))
	copy(memory, body)
	x := array.NewInt32Data(columns[0].Data(memory))
	memory[4] = 7
	if got := x.String(); got != "[1 7]" {
		t.Errorf("got %s", got)
	}
}

func TestPrefix(t *testing.T) {
	for text, want := range map[string]int64{
		"\xff\xff\xff\xff\x10\x01\x00\x00":     272,
		"\xff\xff\xff\xff\x00\x00\x00\x00":     0, // the end of a stream
		"\xff\xff\xff\xff\x00\x00\x00\x80":     0,
		"\xff\xff\xff\xfe\x10\x01\x00\x00":     0,
		"\xff\xff\xff\xff\x10\x01\x00":         0,
		"\xff\xff\xff\xff\x10\x01\x00\x00\x00": 0,
	} {
		if n, err := Prefix([]byte(text)); n != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

// A message is what build makes metadata of.
type message struct {
	version    int16
	header     byte
	rows, body int64
	nodes      [][2]int64
	buffers    [][2]int64
	compressed bool
}

// good is the message of three int32 values.
func good() message {
	return message{version: version5, header: headerRecordBatch, rows: 3, body: 24, nodes: [][2]int64{{3, 1}}, buffers: [][2]int64{{0, 1}, {8, 12}}}
}

func (m message) build() []byte {
	b := flatbuffers.NewBuilder(0)
	pairs := func(of [][2]int64) flatbuffers.UOffsetT {
		b.StartVector(structBytes, len(of), 8)
		for i := len(of) - 1; i >= 0; i-- {
			b.Prep(8, structBytes)
			b.PrependInt64(of[i][1])
			b.PrependInt64(of[i][0])
		}
		return b.EndVector(len(of))
	}
	nodes, buffers := pairs(m.nodes), pairs(m.buffers)
	b.StartObject(0)
	compression := b.EndObject()
	slot := func(vtable int) int { return (vtable - 4) / 2 }
	b.StartObject(5)
	b.PrependInt64Slot(slot(batchLength), m.rows, 0)
	b.PrependUOffsetTSlot(slot(batchNodes), nodes, 0)
	b.PrependUOffsetTSlot(slot(batchBuffers), buffers, 0)
	if m.compressed {
		b.PrependUOffsetTSlot(slot(batchCompression), compression, 0)
	}
	batch := b.EndObject()
	b.StartObject(5)
	b.PrependInt16Slot(slot(messageVersion), m.version, 0)
	b.PrependByteSlot(slot(messageHeaderType), m.header, 0)
	b.PrependUOffsetTSlot(slot(messageHeader), batch, 0)
	b.PrependInt64Slot(slot(messageBodyLength), m.body, 0)
	b.Finish(b.EndObject())
	return b.FinishedBytes()
}

var three = arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int32}}, nil)

// TestRefuses changes one thing of a good message at a time.
func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		want   string // "" is taken
		change func(m *message)
	}{
		{"", func(*message) {}},
		{"", func(m *message) { m.version = version4 }},
		{"", func(m *message) { m.nodes[0][1] = 0 }},
		{"", func(m *message) { m.buffers[0][1] = 0 }},
		{"version 3", func(m *message) { m.version = 2 }},
		{"version 6", func(m *message) { m.version = 5 }},
		{"a message of type 2", func(m *message) { m.header = 2 }},
		{"compressed", func(m *message) { m.compressed = true }},
		{"-1 rows", func(m *message) { m.rows = -1 }},
		{"a body of 25 bytes", func(m *message) { m.body = 25 }},
		{"in a body of -24 bytes", func(m *message) { m.body = -24 }},
		{"buffer 1 has 12 bytes at 8 of 16", func(m *message) { m.body = 16 }},
		{"column 1 has 3 rows of 4", func(m *message) { m.rows = 4 }},
		{"array 0 has -3 values", func(m *message) { m.nodes[0][0] = -3 }},
		{"array 0 has 2147483648 values", func(m *message) { m.nodes[0][0] = 1 << 31 }},
		{"4 of them NULL", func(m *message) { m.nodes[0][1] = 4 }},
		{"-1 of them NULL", func(m *message) { m.nodes[0][1] = -1 }},
		{"buffer 1 has 12 bytes at 4", func(m *message) { m.buffers[1][0] = 4 }},
		{"buffer 0 has 1 bytes at -8", func(m *message) { m.buffers[0][0] = -8 }},
		{"buffer 0 has -1 bytes", func(m *message) { m.buffers[0][1] = -1 }},
		{"after one that ends at 9", func(m *message) { m.buffers[0][1] = 9 }},
		{"buffer 1 has 17 bytes at 8 of 24", func(m *message) { m.buffers[1][1] = 17 }},
		{"buffer 1 has 9223372036854775807 bytes", func(m *message) { m.buffers[1][1] = math.MaxInt64 }},
		{"buffer 1 has 12 bytes at 9223372036854775800", func(m *message) { m.buffers[1][0] = math.MaxInt64 - 7 }},
		{"end in column 1 of 1", func(m *message) { m.nodes = nil }},
		{"end in column 1 of 1", func(m *message) { m.buffers = m.buffers[:1] }},
		{"1 arrays and 0 buffers more", func(m *message) { m.nodes = append(m.nodes, [2]int64{0, 0}) }},
		{"0 arrays and 1 buffers more", func(m *message) { m.buffers = append(m.buffers, [2]int64{24, 0}) }},
	} {
		m := good()
		c.change(&m)
		b, err := Parse(m.build())
		if err == nil {
			_, err = b.Columns(three)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: got error %v, want %q", m, err, c.want)
		}
	}
	_, compressed, _ := write(t, example, exampleRows, ipc.WithZstd())
	if _, err := Parse(compressed); err == nil || !strings.Contains(err.Error(), "compressed") {
		t.Errorf("a compressed batch: %v", err)
	}
}

// TestLongVector: a vector that says to have more elements than there are bytes is refused before it is read.
func TestLongVector(t *testing.T) {
	data := good().build()
	batch := flatbuffers.Table{Bytes: data, Pos: flatbuffers.GetUOffsetT(data)}
	batch.Union(&batch, flatbuffers.UOffsetT(batch.Offset(messageHeader)))
	start := batch.Vector(flatbuffers.UOffsetT(batch.Offset(batchNodes)))
	flatbuffers.WriteUOffsetT(data[start-4:], math.MaxUint32)
	if _, err := Parse(data); err == nil || !strings.Contains(err.Error(), "4294967295 nodes or buffers") {
		t.Errorf("got error %v", err)
	}
}

// FuzzParse reads metadata: those that are accepted can be used without a check.
func FuzzParse(f *testing.F) {
	_, metadata, _ := write(f, example, exampleRows)
	f.Add(metadata)
	f.Add(metadata[:len(metadata)/2])
	for i := range metadata {
		damaged := bytes.Clone(metadata)
		damaged[i] ^= 0x81
		f.Add(damaged)
	}
	f.Add(good().build())
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xFF}, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse(data)
		if err != nil {
			return
		}
		for _, schema := range []*arrow.Schema{example, three} {
			columns, err := b.Columns(schema)
			if err != nil {
				continue
			}
			end := int64(0)
			for _, c := range columns {
				if c.Begin != end || c.End < c.Begin || c.End > b.Body {
					t.Fatalf("bytes %d to %d of %d after %d", c.Begin, c.End, b.Body, end)
				}
				end = c.End
				if c.End-c.Begin < 1<<16 {
					c.Data(Memory(c.End - c.Begin))
				}
			}
			if end != b.Body {
				t.Fatalf("the columns end at %d of %d", end, b.Body)
			}
		}
	})
}
