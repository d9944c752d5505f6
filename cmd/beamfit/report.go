package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/report"
)

type reportTask struct {
	opt pipelines.ReportOptions
	out string
}

func reportCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "report", group: groupUse, jobs: true,
		short: "Write a page about a model",
		long: `Write a page about a model: one HTML file that holds all it shows, to be mailed or kept. An existing file is replaced.

It has loss and metrics over the iterations, a confusion matrix, curves and the rows that are predicted worst (the first ones of a packed
table, of images with the picture), the network with its layers, the arguments of fit, and the runs of the store that name the model. The rows are those of the
validation table of the model, or without one of its training table; --test names another packed table. They are predicted in this process.`,
		args:    []argument{{name: "MODEL", usage: "model table", fills: fillTable}},
		example: "beamfit report iris_model --out iris.html\nbeamfit report iris_model --test iris_test_packed --out iris.html",
	}, &reportTask{})
}

func (t *reportTask) define(f flags) {
	f.add(flagvalue.Of(&t.out, flagvalue.Given), "out", "FILE", required, "file to write, which ends in .html")
	f.add(flagvalue.Of(&t.opt.Test, flagvalue.Given), "test", "TABLE", "the validation table, or the training table", "packed table whose rows are predicted")
}

func (t *reportTask) validate(args []string, _ func(string) bool) error {
	t.opt.Model = args[0]
	if !slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(t.out))) {
		return fmt.Errorf("%q: the name of a report must end in .html", t.out)
	}
	return nil
}

func (t *reportTask) run(ctx context.Context, a *app) error {
	var d *report.Document
	var failed error
	// The file is begun first: that it cannot be is said before all rows are predicted.
	err := exchange.WriteFile(t.out, func(out io.Writer) error {
		if d, failed = run(ctx, a, pipelines.Report, t.opt); failed != nil {
			return failed
		}
		return d.Write(out)
	})
	if failed != nil {
		return failed // which is not the file's
	}
	if err != nil {
		return err
	}
	a.warn(d.Notes)
	if d.Rows != nil {
		a.say("%s: %d rows of %s", t.out, d.Rows.Count, d.Rows.Table)
	} else {
		a.say("%s: no rows", t.out)
	}
	return nil
}
