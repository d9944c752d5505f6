package ipcmeta

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A Column is what the metadata say about one column.
type Column struct {
	// Begin and End are its part of the body. The parts of the columns follow each other without gaps.
	Begin, End int64

	dataType arrow.DataType
	nodes    []node
	buffers  []place
}

// Columns are the columns of a batch of that schema, whose types must be those of the package comment.
func (b *Batch) Columns(schema *arrow.Schema) ([]Column, error) {
	columns := make([]Column, schema.NumFields())
	nodes, buffers := b.nodes, b.buffers
	for i, f := range schema.Fields() {
		n, m := count(f.Type)
		if n > len(nodes) || m > len(buffers) {
			return nil, fmt.Errorf("%d arrays and %d buffers end in column %d of %d", len(b.nodes), len(b.buffers), i+1, len(columns))
		}
		if nodes[0].length != b.Rows {
			return nil, fmt.Errorf("column %d has %d rows of %d", i+1, nodes[0].length, b.Rows)
		}
		c := &columns[i]
		c.dataType, c.nodes, c.buffers = f.Type, nodes[:n], buffers[:m]
		nodes, buffers = nodes[n:], buffers[m:]
		if i > 0 {
			c.Begin = c.buffers[0].offset
			columns[i-1].End = c.Begin
		}
		c.End = b.Body
	}
	if len(nodes) > 0 || len(buffers) > 0 {
		return nil, fmt.Errorf("%d arrays and %d buffers more than the %d columns have", len(nodes), len(buffers), len(columns))
	}
	return columns, nil
}

// count is the number of nodes and buffers of an array of that type, its children included.
func count(t arrow.DataType) (nodes, buffers int) {
	nodes, buffers = 1, len(t.Layout().Buffers)
	for _, child := range children(t) {
		n, m := count(child)
		nodes, buffers = nodes+n, buffers+m
	}
	return nodes, buffers
}

func children(t arrow.DataType) (types []arrow.DataType) {
	if nested, ok := t.(arrow.NestedType); ok {
		for _, f := range nested.Fields() {
			types = append(types, f.Type)
		}
	}
	return types
}

// Memory is memory for the bytes of columns, aligned for values of 8 bytes.
func Memory(size int64) []byte {
	return arrow.Int64Traits.CastToBytes(make([]int64, (size+7)/8))[:size]
}

// Data is the column over the bytes Begin to End of the body, which it does not copy: they must lie in Memory and stay as they
// are. Its lengths are those of the metadata. That its buffers have so many values, and that offsets stay inside, must be
// checked where they are used.
func (c *Column) Data(bytes []byte) arrow.ArrayData {
	l := loader{nodes: c.nodes, buffers: c.buffers, bytes: bytes, begin: c.Begin}
	return l.array(c.dataType)
}

// A loader takes nodes and buffers in their order, which Columns has seen to be as many as the type has.
type loader struct {
	nodes   []node
	buffers []place
	bytes   []byte
	begin   int64 // of bytes in the body
}

func (l *loader) array(t arrow.DataType) arrow.ArrayData {
	n := l.nodes[0]
	l.nodes = l.nodes[1:]
	buffers := make([]*memory.Buffer, len(t.Layout().Buffers))
	for i := range buffers {
		p := l.buffers[i]
		if p.length > 0 {
			from := p.offset - l.begin
			buffers[i] = memory.NewBufferBytes(l.bytes[from : from+p.length : from+p.length])
		}
	}
	l.buffers = l.buffers[len(buffers):]
	var parts []arrow.ArrayData
	for _, child := range children(t) {
		parts = append(parts, l.array(child))
	}
	return array.NewData(t, int(n.length), buffers, parts, int(n.nulls), 0)
}
