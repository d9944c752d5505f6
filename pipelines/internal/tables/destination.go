package tables

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A Destination says which tables a job may write.
type Destination struct {
	Store   table.Store
	Replace bool         // also those that exist
	Reads   []table.Name // but never these, which the job reads
}

// Parse is the name of a table that may be written.
func (d Destination) Parse(ctx context.Context, what, text string) (table.Name, error) {
	name, err := ParseName(what, text)
	if err != nil {
		return name, err
	}
	return name, d.Check(ctx, what, name)
}

// Check reports a table that may not be written.
func (d Destination) Check(ctx context.Context, what string, name table.Name) error {
	old, err := d.Store.Lookup(ctx, name)
	if errors.Is(err, table.ErrNotExist) {
		return nil
	}
	if err == nil && !d.Replace {
		err = &table.TableError{Table: name, Err: table.ErrExist}
	}
	for i := 0; err == nil && i < len(d.Reads); i++ {
		var read *table.Info
		read, err = d.Store.Lookup(ctx, d.Reads[i])
		switch {
		case errors.Is(err, table.ErrNotExist):
			err = nil // reported where it is opened
		case err == nil && read.Name == old.Name:
			err = &table.TableError{Table: name, Err: ErrReplacesInput}
		}
	}
	if err != nil {
		return fmt.Errorf("%s table: %w", what, err)
	}
	return nil
}

// ErrReplacesInput: a table that a job reads cannot be one that it replaces.
var ErrReplacesInput = errors.New("is read by the same command, which therefore cannot replace it; expected another name")

// Names are the names of tables that a job reads. A text that is no name is refused where its table is opened.
func Names(texts ...string) (names []table.Name) {
	for _, text := range texts {
		if name, err := table.ParseName(text); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// NamesWithSummaries are Names for tables that a job reads with their summaries.
func NamesWithSummaries(texts ...string) (names []table.Name) {
	for _, name := range Names(texts...) {
		names = append(names, name, name.WithSuffix(SummarySuffix))
	}
	return names
}
