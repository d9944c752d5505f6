package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/tabletext"
	"github.com/beamfit/beamfit/io/table"
)

type showTask struct {
	table            table.Name
	columns, orderBy []string // nil: all, none
	limit            *int
	expanded         bool
	format           string
}

func showCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "show", group: groupTables,
		short: "Print the rows of a table",
		long: `Print the rows of a table, in the way of PostgreSQL's psql, or as CSV or JSON. A table on a terminal shortens long byte
strings; CSV and JSON hold every value whole.`,
		args:    []argument{{name: "TABLE", usage: "table or view", fills: fillTable}},
		example: "beamfit show iris_predict --order-by id,rank --limit 12\nbeamfit show iris_model_summary --expanded",
	}, &showTask{})
}

func (t *showTask) define(f flags) {
	f.add(flagvalue.Of(&t.columns, table.ParseColumns), "columns", "COLS", "all", "columns to print, separated by commas")
	f.add(flagvalue.Of(&t.orderBy, table.ParseColumns), "order-by", "COLS", "the order of the table",
		"columns to sort by, ascending, separated by commas; the rows are sorted in memory")
	f.add(flagvalue.Optional(&t.limit, flagvalue.Count), "limit", "N", "all", "most rows to print")
	f.toggle(&t.expanded, "expanded", "print a line per column instead of a line per row")
	f.form(&t.format)
}

func (t *showTask) validate(args []string, _ func(string) bool) (err error) {
	if t.expanded && t.format != formTable {
		return errors.New("--expanded goes with --format table only")
	}
	t.table, err = table.ParseName(args[0])
	return err
}

// The forms that rows are printed in.
const (
	formTable = "table"
	formCSV   = "csv"
	formJSON  = "json"
)

// printerOf is the function that writes rows in a form.
func printerOf(form string) func(io.Writer, rows.Source) error {
	switch form {
	case formCSV:
		return tabletext.CSV
	case formJSON:
		return tabletext.JSON
	}
	return tabletext.Aligned
}

// printer is the function that writes rows as the flags say.
func (t *showTask) printer() func(io.Writer, rows.Source) error {
	if t.expanded {
		return tabletext.Expanded
	}
	return printerOf(t.format)
}

func (t *showTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) (err error) {
		src, closeSource, err := t.open(ctx, store)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeSource()) }()
		return t.printer()(a.out, src)
	})
}

// needed are the columns to read; nil: all.
func (t *showTask) needed() []string {
	if t.columns == nil {
		return nil
	}
	needed := slices.Clone(t.columns)
	for _, key := range t.orderBy {
		if !slices.Contains(needed, key) {
			needed = append(needed, key)
		}
	}
	return needed
}

// open is the rows to print.
func (t *showTask) open(ctx context.Context, store table.Store) (rows.Source, func() error, error) {
	src, closeSource, err := rows.Open(ctx, store, t.table, t.needed())
	if err != nil {
		return nil, nil, err
	}
	if t.orderBy != nil {
		src, err = rows.OrderBy(src, t.orderBy)
	}
	if err == nil && t.limit != nil {
		src = rows.Limit(src, int64(*t.limit))
	}
	if err == nil && t.columns != nil {
		src, err = rows.Columns(src, t.columns)
	}
	if err != nil {
		return nil, nil, errors.Join(err, closeSource())
	}
	return src, closeSource, nil
}
