package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/table"
)

type importTask struct {
	file  string
	table table.Name
	opt   exchange.ImportOptions
	form  formFlags
	share bool
}

func importCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "import", group: groupTables, recorded: true,
		short: "Make a table of the rows of a CSV, Parquet or JSON lines file",
		long: `Make a table of the rows of a CSV, Parquet or JSON lines file. Arrays in CSV are written {1,2} or [1,2], in double
quotes. What divides the fields, and the types of columns that --types leaves out, is found by reading the file first; a
warning says what may have been meant otherwise. CSV and JSON lines may be compressed with gzip or zstd. Columns of a
Parquet file that no table can hold, such as maps, are left out with a warning.`,
		args: []argument{
			{name: "FILE", usage: "file to read", fills: fillFile},
			{name: "TABLE", usage: "table to make"},
		},
		example: `beamfit import iris.csv iris_data --types "id integer, attributes numeric[], class_text varchar"
beamfit import images.parquet images`,
	}, &importTask{})
}

func (t *importTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.Types, exchange.ParseTypes), "types", "LIST", "found in the file", `columns with their SQL types, such as "id integer, x real[]"`)
	f.add(flagvalue.Of(&t.opt.Columns, table.ParseColumns), "columns", "COLS", "all", "columns of the file that the table has, in this order, separated by commas")
	f.replace(&t.opt.Replace, "the new table")
	t.form.define(f, "found in the file; a tab in .tsv files")
	f.add(flagvalue.Of(&t.form.decimal, character), "decimal", "C", "found in the file", "CSV: decimal point of numbers, a point or a comma")
	f.add(flagvalue.Of(&t.form.encoding, flagvalue.Given), "encoding", "NAME", "utf-8, or utf-16 by its beginning", "CSV and JSON lines: encoding of the text, such as latin1 or windows-1252")
	f.shared(&t.share)
}

func (t *importTask) validate(args []string, given func(string) bool) (err error) {
	t.file = args[0]
	t.opt.Form = t.form.form(given)
	if err := t.opt.Check(t.file); err != nil {
		return err
	}
	t.table, err = table.ParseName(args[1])
	return err
}

func (t *importTask) run(ctx context.Context, a *app) error {
	if err := a.share(ctx, t.share); err != nil {
		return err
	}
	return a.withStore(ctx, func(store table.Store) error {
		t.opt.Notice = func(text string) { a.warn([]string{text}) }
		var n int64
		env, tell, end := a.exchanging("import")
		t.opt.Progress = tell
		err := a.recorded(ctx, store, env, func(ctx context.Context) (err error) {
			t.opt.RunID = env.RunID
			n, err = exchange.Import(ctx, store, t.file, t.table, t.opt)
			return err
		})
		end()
		if err != nil {
			return err
		}
		// The table is there, also if the run is interrupted now; only its columns may not be known.
		info, err := store.Lookup(context.WithoutCancel(ctx), t.table)
		if err != nil {
			a.say("%s: %d rows", t.table, n)
			return nil
		}
		columns := make([]string, len(info.Schema))
		for i, c := range info.Schema {
			columns[i] = table.Quote(c.Name) + " " + c.Type.String()
		}
		a.say("%s: %d rows of %s", t.table, n, strings.Join(columns, ", "))
		return nil
	})
}
