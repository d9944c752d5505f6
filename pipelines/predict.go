package pipelines

import (
	"context"
	"errors"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/inference"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// Predict writes the classes of the rows of a table or view, ranked by probability, with a model that Fit has made:
// MADlib's madlib_keras_predict. Where the label is no class of the output, it writes the label that the output is or spells
// (see package infer), and for a loss that compares rows (circle) the output itself. It reads the id column and the argument's
// columns only. Names and values of the classes and the normalizing constant are those of the model's summary.
func Predict(ctx context.Context, env Env, opt PredictOptions) (PredictResult, error) {
	to := inference.Target{Test: opt.Test, Output: opt.Output, ID: opt.IDColumn, Independent: opt.Independent, Kind: opt.Type}
	to.Replace, to.Reads = opt.Replace, append(tables.Names(opt.Test), tables.NamesWithSummaries(opt.Model)...)
	to.Share, to.Seed = opt.ValidationShare, opt.Seed
	if err := CheckPrecision(opt.Precision); err != nil {
		return PredictResult{}, argument.Of(err)
	}
	return predict(ctx, env, to, func(p *inference.Prediction) error {
		t, err := tables.ReadTrained(ctx, p.Store, opt.Model)
		if err != nil {
			return err
		}
		if p.Model, err = t.Model.InPrecision(opt.Precision); err != nil {
			return err
		}
		p.Plan.Normalize = t.Variables.Normalize
		p.Trained, p.Of = t.Variables, "model "+t.Name.String()
		p.Plan.Outputs, err = inference.OutputsOf(t)
		return err
	})
}

// PredictBYOM is Predict with a model of an architecture table, which must have weights: MADlib's
// madlib_keras_predict_byom. The values of the classes and the normalizing constant are arguments; the classes of one
// output are called dependent_var, those of several dependent_var_0, dependent_var_1 and so on. With Like both, the columns and what
// is made of them are those of the training rows of another model, or of a packed table. Of a model that takes text its own layers say what
// becomes of text.
func PredictBYOM(ctx context.Context, env Env, opt PredictBYOMOptions) (PredictResult, error) {
	to := inference.Target{Test: opt.Test, Output: opt.Output, ID: opt.IDColumn, Independent: opt.Independent, Kind: opt.Type}
	to.Replace, to.Reads = opt.Replace, append(tables.Names(opt.Test, opt.ArchTable), tables.NamesWithSummaries(opt.Like)...)
	if err := CheckPrecision(opt.Precision); err != nil {
		return PredictResult{}, argument.Of(err)
	}
	return predict(ctx, env, to, func(p *inference.Prediction) (err error) {
		if err := checkBYOM(opt); err != nil {
			return err
		}
		if p.Model, err = tables.ReadArchitecture(ctx, p.Store, opt.ArchTable, opt.ID); err != nil {
			return err
		}
		var like *table.Batch // nil: the rows are like those of no table
		if opt.Like == "" {
			err = p.FindTexts(ctx, opt.Independent, opt.Normalize != nil && *opt.Normalize != 1)
		} else {
			like, err = p.ReadLike(ctx, opt.Like)
		}
		if err != nil {
			return err
		}
		if p.Model, err = p.Model.Built(func() ([][]int, error) { return p.FirstShapes(ctx, opt.Independent) }); err != nil {
			return tables.OfModel(opt.ArchTable, opt.ID, err)
		}
		if p.Model.Weights == nil {
			return tables.OfModel(opt.ArchTable, opt.ID, errors.New("the model has no weights"))
		}
		if p.Model, err = p.Model.InPrecision(opt.Precision); err != nil {
			return err
		}
		if like != nil {
			return p.LikeOutputs(like)
		}
		if p.Plan.Normalize, err = tables.Normalizing(opt.Normalize); err != nil {
			return argument.Of(err)
		}
		p.Plan.Outputs, err = inference.GivenOutputs(p.Model.Spec, inference.Given{Classes: opt.Classes, Dependents: opt.DependentCount, LabelTypes: opt.LabelTypes})
		return err
	})
}

// checkBYOM checks arguments that need no table.
func checkBYOM(opt PredictBYOMOptions) error {
	if opt.Like != "" && (opt.Classes != nil || opt.Normalize != nil || opt.LabelTypes != nil || opt.DependentCount != 0) {
		return argument.Errorf("the classes, the normalizing constant, the label types and the number of dependent variables come from the table or model to be like; they cannot be given beside it")
	}
	for i, list := range opt.Classes {
		if !tables.NumericAt(opt.LabelTypes, i) && (len(list) == 0 || list[0] == nil) {
			return argument.Errorf("class values of dependent variable %d: the first is missing or NULL", i+1)
		}
		seen := map[string]bool{}
		for _, class := range list {
			if class != nil && seen[*class] {
				return argument.Errorf("class values of dependent variable %d: %q is there twice", i+1, *class)
			}
			if class != nil {
				seen[*class] = true
			}
		}
	}
	return nil
}

// predict predicts the rows of a table with the model that read finds.
func predict(ctx context.Context, env Env, to inference.Target, read func(p *inference.Prediction) error) (PredictResult, error) {
	j, err := env.beginOnRunner(ctx, "predict", 2) // a task reads one table and writes one
	if err != nil {
		return PredictResult{}, err
	}
	defer j.End()
	counts, err := inference.Run(ctx, j, to, read)
	return PredictResult(counts), err
}
