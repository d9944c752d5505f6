package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/curve"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/pipelines/outcomes"
	"github.com/beamfit/beamfit/pipelines/picture"
)

// A PlotKind is what a picture shows.
type PlotKind string

// The kinds of pictures. PlotHistory is of models, the others are of predictions.
const (
	PlotHistory         PlotKind = "history"
	PlotConfusion       PlotKind = "confusion"
	PlotROC             PlotKind = "roc"
	PlotPrecisionRecall PlotKind = "precision-recall"
	PlotCalibration     PlotKind = "calibration"
)

// PlotOptions are the arguments of Plot.
type PlotOptions struct {
	Kind PlotKind
	// Models are model tables, and By what their losses and metrics are drawn over (PlotHistory).
	Models []string
	By     picture.Axis
	// Predictions is a table that Predict has written, and Truth the column with the classes of its rows, as table.column (all other kinds).
	// Rows are found by the id column of the predictions.
	Predictions, Truth string
}

// A PlotResult is a picture, and in sentences what it shows.
type PlotResult struct {
	Figure *picture.Figure
	Notes  []string
}

// Plot draws the losses and metrics of models, as their summaries have them, or how good predictions of classes are.
func Plot(ctx context.Context, store table.Store, opt PlotOptions) (PlotResult, error) {
	if store == nil {
		return PlotResult{}, argument.ErrNoStore
	}
	if opt.Kind == PlotHistory {
		return plotHistory(ctx, store, opt)
	}
	draw := outcomePictures[opt.Kind]
	if draw == nil {
		return PlotResult{}, argument.Errorf("the kind %q of a picture is not known", opt.Kind)
	}
	predictions, err := tables.ParseName("predictions", opt.Predictions)
	if err != nil {
		return PlotResult{}, err
	}
	truth, column, err := table.ParseColumn(opt.Truth)
	if err != nil {
		return PlotResult{}, argument.Errorf("truth: %w", err)
	}
	all, err := outcomes.Read(ctx, store, predictions, outcomes.Column{Table: truth, Name: column})
	if err != nil {
		return PlotResult{}, err
	}
	res, err := draw(all)
	if err != nil {
		return PlotResult{}, fmt.Errorf("predictions: %w", &table.TableError{Table: predictions, Err: err})
	}
	res.Notes = append(res.Notes, fmt.Sprintf("%d rows", all.Rows()))
	if all.Unpredicted > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("%d rows of %s have no prediction", all.Unpredicted, truth))
	}
	return res, nil
}

// outcomePictures draw outcomes, by kind.
var outcomePictures = map[PlotKind]func(*outcomes.All) (PlotResult, error){
	PlotConfusion:       plotConfusion,
	PlotROC:             plotCurves(curve.ROC, picture.ROC, "AUC"),
	PlotPrecisionRecall: plotCurves(curve.PrecisionRecall, picture.PrecisionRecall, "average precision"),
	PlotCalibration:     plotCalibration,
}

func plotConfusion(o *outcomes.All) (PlotResult, error) {
	if n := len(o.Classes); n > picture.MaxClasses {
		return PlotResult{}, fmt.Errorf("the column has %d distinct values, and a confusion matrix at most %d classes", n, picture.MaxClasses)
	}
	c := o.Confusion()
	figure, err := picture.Confusion(c)
	right, rows := c.Total()
	return PlotResult{figure, []string{fmt.Sprintf("%d of %d right", right, rows)}}, err
}

func plotCurves(of func([]curve.Row) (curve.Curve, error), draw func([]picture.Class) (*picture.Figure, error), area string) func(*outcomes.All) (PlotResult, error) {
	return func(o *outcomes.All) (res PlotResult, err error) {
		var all []picture.Class
		err = o.EachClass(func(name string, rows []curve.Row) error {
			c, err := of(rows)
			if err == nil {
				all = append(all, picture.Class{Name: name, Curve: c})
				res.Notes = append(res.Notes, fmt.Sprintf("%s: %s %.6g", name, area, c.Area))
			}
			return err
		})
		if err != nil {
			return res, err
		}
		res.Figure, err = draw(all)
		return res, err
	}
}

func plotCalibration(o *outcomes.All) (res PlotResult, err error) {
	var all []picture.Calibrated
	err = o.EachClass(func(name string, rows []curve.Row) error {
		r, err := curve.Calibration(rows, picture.CalibrationBins)
		if err == nil {
			all = append(all, picture.Calibrated{Name: name, Reliability: r})
			res.Notes = append(res.Notes, fmt.Sprintf("%s: expected calibration error %.6g, Brier score %.6g", name, r.ECE, r.Brier))
		}
		return err
	})
	if err != nil {
		return res, err
	}
	res.Figure, err = picture.Calibration(all)
	return res, err
}

func plotHistory(ctx context.Context, store table.Store, opt PlotOptions) (res PlotResult, err error) {
	if len(opt.Models) == 0 {
		return res, argument.Errorf("no model is given")
	}
	if opt.By != picture.ByIteration && opt.By != picture.ByTime {
		return res, argument.Errorf("losses are drawn by %s or by %s, found %q", picture.ByIteration, picture.ByTime, opt.By)
	}
	var fits []picture.Fit
	for _, model := range opt.Models {
		name, err := tables.ParseName("model", model)
		if err != nil {
			return res, err
		}
		summary, _, err := tables.ReadSummary(ctx, store, "model", name)
		if err != nil {
			return res, err
		}
		var m Model
		if err := m.readHistory(tables.SummaryRow{Batch: summary, Name: name.WithSuffix(tables.SummarySuffix)}); err != nil {
			return res, err
		}
		if len(m.History) == 0 {
			return res, fmt.Errorf("model summary: %w", &table.TableError{Table: name.WithSuffix(tables.SummarySuffix), Err: fmt.Errorf("has no iteration that was scored (column metrics_iters)")})
		}
		fits = append(fits, pictureFit(name.String(), m.History))
		res.Notes = append(res.Notes, fmt.Sprintf("%s: %s scored", name, tables.Count(len(m.History), "iteration")))
	}
	res.Figure, err = picture.History(fits, opt.By)
	return res, argument.Of(err)
}

// pictureFit are the scores of a model as they are drawn: the loss, then each metric.
func pictureFit(name string, history []ModelScore) picture.Fit {
	f := picture.Fit{Name: name}
	scores := []picture.Score{{Name: "loss"}}
	for _, m := range history[0].TrainingMetrics {
		scores = append(scores, picture.Score{Name: m.Name})
	}
	for _, h := range history {
		f.Iterations, f.Seconds = append(f.Iterations, h.Iteration), append(f.Seconds, h.Elapsed.Seconds())
		for k := range scores {
			s := &scores[k]
			if k == 0 {
				s.Training = append(s.Training, h.TrainingLoss)
			} else {
				s.Training = append(s.Training, h.TrainingMetrics[k-1].Value)
			}
			switch {
			case h.ValidationLoss == nil:
			case k == 0:
				s.Validation = append(s.Validation, *h.ValidationLoss)
			case len(h.ValidationMetrics) > 0:
				s.Validation = append(s.Validation, h.ValidationMetrics[k-1].Value)
			}
		}
	}
	f.Scores = scores
	return f
}
