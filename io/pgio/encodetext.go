package pgio

import (
	"strconv"

	"github.com/beamfit/beamfit/io/table"
)

// textRow writes row i in the text form of COPY: columns between tabs, \N for NULL, values as the server prints them.
func (e *encoder) textRow(buf []byte, b *table.Batch, i int, flush flusher) ([]byte, error) {
	for k := range e.values {
		v := &b.Cols[k]
		if err := checkStrings(v, i); err != nil {
			return buf, &rowError{row: e.rows, column: e.columns[k].Name, err: err}
		}
		if k > 0 {
			buf = append(buf, '\t')
		}
		text, null := table.FormatValue(v, i)
		if null {
			buf = append(buf, `\N`...)
			continue
		}
		for len(text) > chunkBytes {
			var err error
			if buf, err = flush(appendEscaped(buf, text[:chunkBytes])); err != nil {
				return buf, err
			}
			text = text[chunkBytes:]
		}
		buf = appendEscaped(buf, text)
	}
	if e.order != "" {
		buf = append(append(buf, '\t'), e.order...)
		buf = strconv.AppendInt(append(buf, '\t'), e.rows, 10)
	}
	e.rows++
	return append(buf, '\n'), nil
}

// appendEscaped writes text with the characters escaped that mean something in a COPY line.
func appendEscaped(buf []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\':
			buf = append(buf, `\\`...)
		case '\n':
			buf = append(buf, `\n`...)
		case '\r':
			buf = append(buf, `\r`...)
		case '\t':
			buf = append(buf, `\t`...)
		default:
			buf = append(buf, c)
		}
	}
	return buf
}
