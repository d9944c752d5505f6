package tabletext

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/table"
)

// Aligned writes psql's aligned table: a centred header, numbers to the right, the count of rows, a blank line.
func Aligned(w io.Writer, src rows.Source) error {
	schema := src.Schema()
	header := make([]cell, len(schema))
	widths := make([]int, len(schema))
	for j, c := range schema {
		header[j] = layout(c.Name)
		widths[j] = header[j].width()
	}
	err := src.Walk(func(b *table.Batch) error {
		for j := range b.Cols {
			for i := range b.Rows {
				widths[j] = max(widths[j], layout(shortText(&b.Cols[j], i)).width())
			}
		}
		return nil
	})
	if err != nil {
		return err
	}

	out := bufio.NewWriter(w)
	writeHeader(out, header, widths)
	n := int64(0)
	record := make([]cell, len(schema))
	err = src.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			for j := range b.Cols {
				record[j] = layout(shortText(&b.Cols[j], i))
			}
			writeRecord(out, schema, record, widths)
		}
		n += int64(b.Rows)
		return nil
	})
	if err != nil {
		return err
	}
	writeCount(out, n)
	return out.Flush()
}

// writeCount ends a table as psql does.
func writeCount(out *bufio.Writer, n int64) {
	if n == 1 {
		fmt.Fprint(out, "(1 row)\n\n")
		return
	}
	fmt.Fprintf(out, "(%d rows)\n\n", n)
}

func writeHeader(out *bufio.Writer, header []cell, widths []int) {
	for k := range height(header) {
		for j, c := range header {
			if j > 0 {
				out.WriteByte('|')
			}
			var l line
			if k < len(c) {
				l = c[k]
			}
			pad := widths[j] - l.width
			out.WriteString(blanks(1+pad/2) + l.text + blanks(pad-pad/2) + more(c, k))
		}
		out.WriteByte('\n')
	}
	for j, w := range widths {
		if j > 0 {
			out.WriteByte('+')
		}
		out.WriteString(strings.Repeat("-", w+2))
	}
	out.WriteByte('\n')
}

func writeRecord(out *bufio.Writer, schema table.Schema, record []cell, widths []int) {
	last := len(record) - 1
	for k := range height(record) {
		for j, c := range record {
			if j > 0 {
				out.WriteByte('|')
			}
			out.WriteByte(' ')
			mark := more(c, k)
			if k < len(c) {
				pad := blanks(widths[j] - c[k].width)
				switch {
				case rightAligned(schema[j].Type):
					out.WriteString(pad + c[k].text)
				case j < last || mark != " ":
					out.WriteString(c[k].text + pad)
				default:
					out.WriteString(c[k].text)
				}
			} else if j < last {
				out.WriteString(blanks(widths[j]))
			}
			if j < last || mark != " " {
				out.WriteString(mark)
			}
		}
		out.WriteByte('\n')
	}
}

// height is the number of lines that a record takes.
func height(record []cell) int {
	h := 0
	for _, c := range record {
		h = max(h, len(c))
	}
	return h
}

// more is psql's mark of a cell that goes on after line k, or a blank.
func more(c cell, k int) string {
	if k+1 < len(c) {
		return "+"
	}
	return " "
}

func blanks(n int) string { return strings.Repeat(" ", n) }

// rightAligned tells which types psql puts to the right: numbers, but not arrays of them.
func rightAligned(t table.Type) bool {
	if t.Array {
		return false
	}
	switch t.SQL {
	case "oid", "xid", "xid8", "cid", "money":
		return true
	}
	return t.IsNumber()
}
