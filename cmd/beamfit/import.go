package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/fileio/exchange"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
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
		short: "Make a table of the rows of a CSV or Parquet file",
		long: `Make a table of the rows of a CSV or Parquet file. Arrays in CSV are written {1,2} or [1,2], in double quotes. The
types of CSV columns that --types leaves out are found by reading the file first.`,
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
	f.replace(&t.opt.Replace, "the new table")
	t.form.define(f)
	f.shared(&t.share)
}

func (t *importTask) validate(args []string, _ func(string) bool) (err error) {
	t.file = args[0]
	t.opt.Form = t.form.form()
	t.table, err = table.ParseName(args[1])
	return err
}

func (t *importTask) run(ctx context.Context, a *app) error {
	if err := a.share(ctx, t.share); err != nil {
		return err
	}
	return a.withStore(ctx, func(store table.Store) error {
		var n int64
		err := a.recorded(ctx, store, new(pipelines.Env), func(ctx context.Context) (err error) {
			n, err = exchange.Import(ctx, store, t.file, t.table, t.opt)
			return err
		})
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
