package tabletext

import (
	"bufio"
	"io"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/jsonlio"
	"github.com/beamfit/beamfit/io/table"
)

// JSON writes one array with an object per row, a row per line, as jsonlio makes them.
func JSON(w io.Writer, src rows.Source) error {
	out := bufio.NewWriter(w)
	objects := jsonlio.ObjectsOf(src.Schema())
	out.WriteByte('[')
	first := true
	var buf []byte
	err := src.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			buf = append(buf[:0], ",\n"...)
			if first {
				buf = append(buf[:0], '\n')
				first = false
			}
			buf = objects.Append(buf, b, i)
			if _, err := out.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !first {
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return out.Flush()
}
