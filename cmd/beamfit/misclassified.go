package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/table"
)

// misclassified counts the rows of the table truth, and those of them whose class_text is not the class_value that the
// table predicted has for their id. Where predicted ranks the classes, only rank 1 counts.
func misclassified(ctx context.Context, store table.Store, predicted, truth string) (wrong, all int, err error) {
	classes := map[string]string{}
	err = eachRow(ctx, store, predicted, func(row map[string]string) {
		if rank, ranked := row["rank"]; !ranked || rank == "1" {
			classes[row["id"]] = row["class_value"]
		}
	})
	if err != nil {
		return 0, 0, err
	}
	missing := 0
	err = eachRow(ctx, store, truth, func(row map[string]string) {
		all++
		class, found := classes[row["id"]]
		if !found {
			missing++
		} else if class != row["class_text"] {
			wrong++
		}
	})
	if err == nil && missing > 0 {
		err = fmt.Errorf("table %s has no prediction for %d of the %d rows of %s", predicted, missing, all, truth)
	}
	return wrong, all, err
}

// eachRow calls fn with the values of every row as text, by column.
func eachRow(ctx context.Context, store table.Store, name string, fn func(map[string]string)) (err error) {
	src, closeSource, err := rows.Open(ctx, store, table.Name{Table: name}, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	return src.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			row := make(map[string]string, len(b.Cols))
			for j := range b.Cols {
				row[b.Schema[j].Name], _ = table.FormatValue(&b.Cols[j], i)
			}
			fn(row)
		}
		return nil
	})
}
