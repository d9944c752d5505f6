package fileio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// Fetch reads a closed part of an output. The parts of every table can be read, as their rows have an order anyway.
func (s *Store) Fetch(ctx context.Context, part table.Part) (*table.Batch, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	staged, schema, err := s.stagedTable(part)
	if err != nil {
		return nil, err
	}
	dir := s.staged(part.Output, staged.name())
	written, err := s.disk.readRecord(recordPath(dir, part.Key))
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("part %q: %w", part.Key, table.ErrNotExist)
	}
	if err != nil {
		return nil, about(staged.name(), err)
	}
	r := &reader{disk: s.disk, dir: dir, partition: table.Partition{Table: staged.name()}, lease: new(lock), stored: schema, files: written.Files, end: written.rows()}
	defer r.Close()
	if err := r.choose(); err != nil {
		return nil, about(staged.name(), err)
	}
	all := table.NewBatch(schema)
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for c := range b.Cols {
			arrowvec.AppendRows(&all.Cols[c], &b.Cols[c], 0, b.Rows)
		}
		all.Rows += b.Rows
	}
}

// stagedTable is the table of a part, with its schema.
func (s *Store) stagedTable(part table.Part) (staged stagedMeta, schema table.Schema, err error) {
	meta, err := s.outputMeta(part.Output)
	if err != nil {
		return staged, nil, err
	}
	if part.Table < 0 || part.Table >= len(meta.Tables) {
		return staged, nil, fmt.Errorf("table %d of an output of %d tables", part.Table, len(meta.Tables))
	}
	staged = meta.Tables[part.Table]
	if schema, err = schemaOf(staged.Columns); err != nil {
		err = corrupt(s.outputPath(part.Output), "%w", err)
	}
	return staged, schema, err
}
