package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/table"
)

type exportTask struct {
	table table.Name
	file  string
	opt   exchange.ExportOptions
	form  formFlags
}

func exportCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "export", group: groupTables,
		short: "Write the rows of a table to a CSV, Parquet or JSON lines file",
		long: `Write the rows of a table to a CSV, Parquet or JSON lines file. An existing file is replaced when the new one is
complete; into /dev/stdout and /dev/fd/N rows are written as by any command that has the file open. CSV and JSON lines
whose name ends in .gz or .zst are compressed.`,
		args: []argument{
			{name: "TABLE", usage: "table or view", fills: fillTable},
			{name: "FILE", usage: "file to write", fills: fillFile},
		},
		example: "beamfit export iris_predict iris_predict.csv\nbeamfit export iris_data iris.parquet",
	}, &exportTask{})
}

func (t *exportTask) define(f flags) { t.form.define(f, "a comma; a tab in .tsv files") }

func (t *exportTask) validate(args []string, given func(string) bool) (err error) {
	t.file = args[1]
	t.opt.Form = t.form.form(given)
	if err := t.opt.Check(t.file); err != nil {
		return err
	}
	t.table, err = table.ParseName(args[0])
	return err
}

func (t *exportTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		streams := exchange.Streams(t.file)
		_, tell, end := a.exchanging("export")
		t.opt.Progress = tell
		n, err := exchange.Export(ctx, store, t.table, t.file, t.opt)
		end()
		if err != nil {
			return err
		}
		if !streams { // else that may be where it is said
			a.say("%s: %d rows", t.file, n)
		}
		return nil
	})
}
