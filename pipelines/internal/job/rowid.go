package job

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// WithID adds to an error about a row of a snapshot what the row has in its id column, since rows of a table are known to people by
// that and not by their place. column "" is a column called id, in any case, if there is one. Where the id cannot be
// read the error stays as it is.
func (j *Job) WithID(ctx context.Context, snap table.Snapshot, column string, err error) error {
	var bad *table.ValueError
	info := snap.Info()
	if !errors.As(err, &bad) || bad.Row < 1 || bad.Table != info.Name {
		return err
	}
	if column == "" {
		column = idColumn(info.Schema)
	}
	if column == "" || column == bad.Column {
		return err
	}
	id := ""
	readErr := tables.AtRow(ctx, j.Store, snap, table.ReadOptions{Columns: []string{column}}, bad.Row-1, func(b *table.Batch, i int) error {
		text, null := table.FormatValue(&b.Cols[0], i)
		if id = table.Clip(text); null {
			id = "NULL"
		}
		return nil
	})
	if readErr != nil || id == "" {
		return err
	}
	return fmt.Errorf("%w; the row has %s = %s", err, table.Quote(column), id)
}

// idColumn is the column of single values called id, "" where there is none.
func idColumn(s table.Schema) string {
	for _, c := range s {
		if strings.EqualFold(c.Name, "id") && !c.Type.Array {
			return c.Name
		}
	}
	return ""
}
