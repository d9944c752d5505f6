package tabletext

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/table"
)

// Expanded writes psql's expanded form: a record as one line per column, a blank line at the end.
func Expanded(w io.Writer, src rows.Source) error {
	schema := src.Schema()
	names := make([]cell, len(schema))
	nameWidth, valueWidth := 0, 0
	for j, c := range schema {
		names[j] = layout(c.Name)
		nameWidth = max(nameWidth, names[j].width())
	}
	n := 0
	err := src.Walk(func(b *table.Batch) error {
		n += b.Rows
		for j := range b.Cols {
			for i := range b.Rows {
				valueWidth = max(valueWidth, layout(shortText(&b.Cols[j], i)).width())
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if n == 0 {
		fmt.Fprint(out, "(0 rows)\n\n")
		return out.Flush()
	}
	record := 0
	err = src.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			record++
			out.WriteString(recordLine(record, nameWidth, valueWidth) + "\n")
			for j := range b.Cols {
				writeField(out, names[j], layout(shortText(&b.Cols[j], i)), nameWidth, valueWidth)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.WriteByte('\n')
	return out.Flush()
}

// recordLine is the rule above record n. Where the label is wider than the names it runs over the cross, as in psql.
func recordLine(n, nameWidth, valueWidth int) string {
	label := fmt.Sprintf("-[ RECORD %d ]", n)
	rule := strings.Repeat("-", nameWidth) + "-+-" + strings.Repeat("-", valueWidth)
	if len(label) >= len(rule) {
		return label
	}
	return label + rule[len(label):]
}

func writeField(out *bufio.Writer, name, value cell, nameWidth, valueWidth int) {
	for k := range max(len(name), len(value)) {
		if k < len(name) {
			out.WriteString(name[k].text + blanks(nameWidth-name[k].width) + more(name, k))
		} else {
			out.WriteString(blanks(nameWidth + 1))
		}
		out.WriteByte('|')
		if k < len(value) {
			out.WriteString(" " + value[k].text)
			if mark := more(value, k); mark != " " {
				out.WriteString(blanks(valueWidth-value[k].width) + mark)
			}
		}
		out.WriteByte('\n')
	}
}
