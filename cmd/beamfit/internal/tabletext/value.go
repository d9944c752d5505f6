package tabletext

import (
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// maxBytes is the length of the longest byte string that a terminal gets whole.
const maxBytes = 16

// shortText is row i of v as psql prints it, with long byte strings cut; NULL is the empty text.
func shortText(v *table.Vector, i int) string {
	if v.Type.Kind == table.Bytes && !v.Type.Array && !v.IsNull(i) {
		if b := v.Bytes[i]; len(b) > maxBytes {
			return fmt.Sprintf(`\x%x...(%d bytes)`, b[:maxBytes/2], len(b))
		}
	}
	text, _ := table.FormatValue(v, i)
	return text
}
