package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/picture"
)

type plotTask struct {
	opt  pipelines.PlotOptions
	by   string
	of   map[pipelines.PlotKind]*string // predictions, by the flag that names them
	out  string
	form picture.Form
}

func plotCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "plot", group: groupUse,
		short: "Draw losses and metrics of models, or how good predictions are",
		long: `Draw a picture: SVG, PNG or PDF, as the end of the file's name says. An existing file is replaced.

Without another flag it shows loss and metrics of one or several models over their iterations, on training and validation rows. Only
iterations that fit has scored have values: --metrics-every 1 of fit scores every one.

--confusion, --roc, --precision-recall and --calibration look at a table that predict has written. --truth names the column with the
classes that its rows have; rows are found by the id column, which the table of the truth must have under the same name (or by their numbers where
the predictions have row_number). Of two classes the second has a curve; of more each against all others. Curves need the probabilities of all classes:
predict --type prob, the default.`,
		args: []argument{{name: "MODEL", usage: "model table", optional: true, more: true, fills: fillTable}},
		example: `beamfit plot iris_model --out curves.svg
beamfit plot iris_mlp iris_deep --by time --out compared.pdf
beamfit plot --confusion iris_predict --truth iris_test.class_text --out confusion.png`,
	}, &plotTask{})
}

// predictionPlots are the flags of pictures of predictions.
var predictionPlots = []struct {
	kind  pipelines.PlotKind
	usage string
}{
	{pipelines.PlotConfusion, "draw a confusion matrix of that table of predictions"},
	{pipelines.PlotROC, "draw ROC curves of it, with the area under each (AUC)"},
	{pipelines.PlotPrecisionRecall, "draw precision-recall curves of it, with the average precision of each"},
	{pipelines.PlotCalibration, "draw a reliability curve of it, with the expected calibration error (ECE) of 10 bins"},
}

func (t *plotTask) define(f flags) {
	f.add(flagvalue.Of(&t.out, flagvalue.Given), "out", "FILE", required, "file to write, which ends in .svg, .png or .pdf")
	t.by = string(picture.ByIteration)
	f.choice(&t.by, "by", "AXIS", []string{string(picture.ByIteration), string(picture.ByTime)}, t.by, "what losses and metrics are drawn over")
	t.of = map[pipelines.PlotKind]*string{}
	for _, p := range predictionPlots {
		t.of[p.kind] = new(string)
		f.add(flagvalue.Of(t.of[p.kind], flagvalue.Given), string(p.kind), "PREDICTIONS", none, p.usage)
	}
	f.add(flagvalue.Of(&t.opt.Truth, flagvalue.Given), "truth", "TABLE.COLUMN", none, "classes of the rows that were predicted, for the four above")
}

func (t *plotTask) validate(args []string, given func(string) bool) (err error) {
	t.opt.Kind, t.opt.Models, t.opt.By = pipelines.PlotHistory, args, picture.Axis(t.by)
	var flags []string
	for _, p := range predictionPlots {
		if given(string(p.kind)) {
			flags = append(flags, "--"+string(p.kind))
			t.opt.Kind, t.opt.Predictions = p.kind, *t.of[p.kind]
		}
	}
	switch {
	case len(flags) > 1:
		return fmt.Errorf("%s: one picture at a time", strings.Join(flags, " and "))
	case len(flags) == 0 && len(args) == 0:
		return errors.New("plot takes model tables, or one of --confusion, --roc, --precision-recall and --calibration")
	case len(flags) == 0 && given("truth"):
		return errors.New("--truth goes with --confusion, --roc, --precision-recall or --calibration")
	case len(flags) == 1 && len(args) > 0:
		return fmt.Errorf("%s takes no model; %q is too many", flags[0], args[0])
	case len(flags) == 1 && !given("truth"):
		return fmt.Errorf("%s needs --truth, the column with the classes of the rows", flags[0])
	case len(flags) == 1 && given("by"):
		return errors.New("--by goes with models")
	}
	t.form, err = picture.FormOf(t.out)
	return err
}

func (t *plotTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		res, err := pipelines.Plot(ctx, store, t.opt)
		if err != nil {
			return err
		}
		if err := exchange.WriteFile(t.out, func(w io.Writer) error { return res.Figure.Write(w, t.form) }); err != nil {
			return err
		}
		for _, note := range res.Notes {
			a.say("%s: %s", t.out, note)
		}
		return nil
	})
}
