package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// Fetch reads a closed part of an output.
func (s *store) Fetch(ctx context.Context, part table.Part) (*table.Batch, error) {
	if s.spooled.find(part.Output) != nil {
		return nil, fmt.Errorf("the parts of an output with a scratch folder are not read before Commit: %w", errors.ErrUnsupported)
	}
	id, err := parseOutputID(part.Output)
	if err != nil {
		return nil, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer endSession(conn)
	return fetch(ctx, conn, id, part)
}

func fetch(ctx context.Context, pooled *pgxpool.Conn, id outputID, part table.Part) (*table.Batch, error) {
	conn := pooled.Conn()
	m, err := loadManifest(ctx, conn, id)
	if err != nil {
		return nil, err
	}
	target, err := m.table(id, part.Table)
	if err != nil {
		return nil, err
	}
	if !target.Ordered {
		return nil, fmt.Errorf("output %s: the rows of table %s are not ordered: its parts cannot be read", id, target.Name)
	}
	written, err := partWritten(ctx, conn, id, part)
	if err == nil && !written {
		err = fmt.Errorf("part %q: %w", part.Key, table.ErrNotExist)
	}
	if err != nil {
		return nil, tableError(ctx, target.Name, err)
	}
	staging := id.rows(part.Table, target.Name)
	cols, err := stagingColumns(ctx, conn, staging)
	if err != nil {
		return nil, tableError(ctx, target.Name, err)
	}
	plan, err := planRead(cols, target.Schema.Names(), nil)
	if err != nil {
		return nil, tableError(ctx, target.Name, err)
	}
	all := table.NewBatch(target.Schema)
	dec := &copyDecoder{plan: plan, next: func(b *table.Batch) (*table.Batch, error) {
		if b == nil {
			return table.NewBatch(plan.schema), nil
		}
		for c := range b.Cols {
			for i := range b.Rows {
				all.Cols[c].AppendFrom(&b.Cols[c], i)
			}
		}
		all.Rows += b.Rows
		return table.NewBatch(plan.schema), nil
	}}
	key, row := orderColumns(target.Schema)
	sql := fmt.Sprintf("COPY (SELECT %s FROM %s WHERE %s = %s ORDER BY %s) TO STDOUT (FORMAT binary)",
		plan.selectList, quoteName(staging), quote(key), literal(part.Key), quote(row))
	if _, err = copyTo(ctx, conn, dec, sql); err == nil {
		err = dec.finish()
	}
	return all, tableError(ctx, target.Name, err)
}
