package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A PlanResult is what the engine does in one step of a model.
type PlanResult struct {
	Calls []plan.Call
	// Rows of the batch, the slices that it is cut into, and how often in a step they meet.
	Rows, Slices, Meetings int
	// Bytes of one shard's memory: weights, gradients (one set per slice), what the optimizer remembers, the batch, and all
	// other values, which share places.
	Weights, Gradients, Optimizer, Batch, Work int64
	// Values are the bytes that all other values would take if none shared a place.
	Values int64
	// FLOP of a step, and the bytes that its calls read and write.
	FLOP, Traffic int64
	// GPU says how a GPU does the step; nil: the step is the CPU's. Its Instrs are in the order of Calls.
	GPU *cuda.Description
}

// Plan tells how the engine works on a batch of a model of an architecture table, with Env.GPUs how it would on a GPU. It reads no rows and no
// weights, and needs no GPU.
func Plan(ctx context.Context, env Env, opt PlanOptions) (PlanResult, error) {
	j, err := env.begin(ctx, "plan")
	if err != nil {
		return PlanResult{}, err
	}
	defer j.End()
	if err := CheckPrecision(opt.Precision); err != nil {
		return PlanResult{}, argument.Of(err)
	}
	var config trainer.Config
	switch opt.Step {
	case PlanPredict:
	case PlanFit, PlanEvaluate:
		compile, err := params.ParseCompile(opt.Compile)
		if err != nil {
			return PlanResult{}, argument.Of(err)
		}
		config.Compile = *compile
		var functions map[string]string
		if opt.Functions != "" {
			if functions, _, err = tables.ReadFunctions(ctx, j.Store, opt.Functions, compile); err != nil {
				return PlanResult{}, err
			}
		}
		if config.Functions, err = (recipe.Model{Functions: functions}).ParseFunctions(); err != nil {
			return PlanResult{}, err
		}
	default:
		return PlanResult{}, argument.Errorf("step %q is not known; expected %s, %s or %s", opt.Step, PlanFit, PlanEvaluate, PlanPredict)
	}
	stored, err := tables.ReadArchitecture(ctx, j.Store, opt.ArchTable, opt.ID)
	if err != nil {
		return PlanResult{}, err
	}
	if stored.Open != nil {
		return PlanResult{}, tables.OfModel(opt.ArchTable, opt.ID, fmt.Errorf("%w; load it with the shapes of its inputs", stored.Open))
	}
	if stored, err = stored.InPrecision(opt.Precision); err != nil {
		return PlanResult{}, err
	}
	config.Spec = stored.Spec
	compiler := cuda.Compiler{Math: cuda.Math(env.GPUMath)}
	if env.GPUs {
		config.Device = compiler
	}
	m, err := trainer.New(config)
	if err != nil {
		return PlanResult{}, tables.OfModel(opt.ArchTable, opt.ID, err)
	}
	step, err := stepOf(m, opt)
	if err != nil {
		return PlanResult{}, err
	}
	result := planResult(step, step.Calls(stored.Spec))
	if env.GPUs {
		gpu, err := compiler.Describe(step.Stages[0][0]) // the only plan: batches are whole
		if err != nil {
			return PlanResult{}, err
		}
		result.GPU = &gpu
	}
	return result, nil
}

// stepOf is the step that is asked for.
func stepOf(m *trainer.Model, opt PlanOptions) (*plan.Split, error) {
	var p *plan.Plan
	var err error
	switch opt.Step {
	case PlanFit:
		if opt.Batch == 0 {
			byDefault, err := params.ParseFit("")
			if err != nil {
				return nil, err
			}
			opt.Batch = byDefault.BatchSize
		}
		return m.TrainingStep(opt.Batch)
	case PlanEvaluate:
		p, err = m.EvaluationStep(opt.Batch)
	case PlanPredict:
		p, err = m.PredictionStep(opt.Batch)
	}
	if err != nil {
		return nil, err
	}
	return plan.Whole(p), nil
}

func planResult(step *plan.Split, calls []plan.Call) PlanResult {
	bytes := func(floats int) int64 { return 4 * int64(floats) }
	r := PlanResult{
		Calls: calls, Slices: len(step.Stages[0]), Meetings: len(step.Stages) - 1, Values: bytes(step.Values()),
		Weights: bytes(step.Sizes[plan.Weights]), Gradients: bytes(step.Sizes[plan.Grads]), Optimizer: bytes(step.Sizes[plan.Slots]),
		Batch: bytes(step.Sizes[plan.Batch]), Work: bytes(step.Sizes[plan.Work] + step.Sizes[plan.Shared]),
	}
	for _, s := range step.Stages[0] {
		r.Rows += s.Batch
	}
	for _, c := range calls {
		r.FLOP += int64(c.FLOP)
		r.Traffic += int64(c.Bytes)
	}
	return r
}
