package pipelines

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A destination says which tables a job may write.
type destination struct {
	store   table.Store
	replace bool         // also those that exist
	reads   []table.Name // but never these, which the job reads
}

// parse is the name of a table that may be written.
func (d destination) parse(ctx context.Context, what, text string) (table.Name, error) {
	name, err := parseTable(what, text)
	if err != nil {
		return name, err
	}
	return name, d.check(ctx, what, name)
}

// check reports a table that may not be written.
func (d destination) check(ctx context.Context, what string, name table.Name) error {
	old, err := d.store.Lookup(ctx, name)
	if errors.Is(err, table.ErrNotExist) {
		return nil
	}
	if err == nil && !d.replace {
		err = &table.TableError{Table: name, Err: table.ErrExist}
	}
	for i := 0; err == nil && i < len(d.reads); i++ {
		var read *table.Info
		read, err = d.store.Lookup(ctx, d.reads[i])
		switch {
		case errors.Is(err, table.ErrNotExist):
			err = nil // reported where it is opened
		case err == nil && read.Name == old.Name:
			err = &table.TableError{Table: name, Err: errReplacesInput}
		}
	}
	if err != nil {
		return fmt.Errorf("%s table: %w", what, err)
	}
	return nil
}

// errReplacesInput: a table that a job reads cannot be one that it replaces.
var errReplacesInput = errors.New("is read by the same command, which therefore cannot replace it; expected another name")

// named are the names of tables that a job reads. A text that is no name is refused where its table is opened.
func named(texts ...string) (names []table.Name) {
	for _, text := range texts {
		if name, err := table.ParseName(text); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// withSummaries is named for tables that a job reads with their summaries.
func withSummaries(texts ...string) (names []table.Name) {
	for _, name := range named(texts...) {
		names = append(names, name, name.WithSuffix(summarySuffix))
	}
	return names
}
