package pipelines

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// checkArguments checks what needs no table, and reads the texts: a mistake in one must not cost a walk over a table.
func (f *fit) checkArguments() (err error) {
	switch {
	case strings.TrimSpace(f.opt.Compile) == "":
		return errors.New("compile parameters are empty; expected at least an optimizer and a loss")
	case f.opt.WarmStart && f.opt.Replace:
		return errors.New("a warm start goes on from the model and replaces it, replace trains anew: expected one of them")
	case f.opt.Iterations < 1:
		return fmt.Errorf("the number of iterations must be at least 1, found %d", f.opt.Iterations)
	case f.opt.IterationsPerJob < 0:
		return fmt.Errorf("the iterations per job must not be negative, found %d", f.opt.IterationsPerJob)
	case f.opt.CheckpointEvery < 0:
		return fmt.Errorf("the iterations from one checkpoint to the next must not be negative, found %d", f.opt.CheckpointEvery)
	case f.opt.MetricsEvery < 0 || f.opt.MetricsEvery > f.opt.Iterations:
		return fmt.Errorf("the metrics frequency must be from 1 to the number of iterations, %d, found %d", f.opt.Iterations, f.opt.MetricsEvery)
	}
	if err := f.opt.CheckRounds(); err != nil {
		return err
	}
	if err := CheckPrecision(f.opt.Precision); err != nil {
		return err
	}
	if f.compile, err = params.ParseCompile(f.opt.Compile); err != nil {
		return err
	}
	notice, err := optimizer.CheckOrder(f.compile.Optimizer)
	if err != nil {
		return fmt.Errorf("compile_params: %w", err)
	}
	if notice != "" {
		f.warn([]string{"compile_params: " + notice})
	}
	if _, err := optimizer.New(f.compile.Optimizer); err != nil {
		return fmt.Errorf("compile_params: %w", err)
	}
	if own := trainer.Functions(*f.compile); len(own) > 0 && f.opt.Functions == "" && !f.opt.WarmStart {
		return f.unknownFunction(own[0])
	}
	if f.params, err = params.ParseFit(f.opt.Fit); err != nil {
		return err
	}
	if err := callback.Check(f.params.Callbacks); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if f.opt.Arch == nil {
		return nil
	}
	if f.opt.ArchTable != "" || f.opt.ID != 0 {
		return errors.New("the network is given twice: as JSON and from an architecture table")
	}
	f.stored, err = tables.ModelOfJSON(f.opt.Arch)
	return argument.Data(err)
}
