package tabletext

import (
	"context"
	"io"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/csvio"
	"github.com/beamfit/beamfit/io/table"
)

// CSV writes RFC 4180 text with a header line. As in PostgreSQL's COPY, NULL is an empty field, an empty text is "", and
// lines end with a line feed.
func CSV(w io.Writer, src rows.Source) error {
	out, err := csvio.NewWriter(w, src.Schema(), csvio.Options{})
	if err != nil {
		return err
	}
	// The context is the source's affair.
	if err := src.Walk(func(b *table.Batch) error { return out.Write(context.Background(), b) }); err != nil {
		return err
	}
	return out.Close()
}
