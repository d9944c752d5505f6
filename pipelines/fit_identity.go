package pipelines

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// identity is what a fit has in common with the checkpoint that it goes on from, so that the weights are those of a fit that was
// never stopped. The number of iterations is not among it, nor are the values of the tables (the Digests of the checkpoint's header).
func (f *fit) identity(start []float32) map[string]string {
	var rows []int
	for _, shard := range f.training.Sets[0].Shards {
		rows = append(rows, shard.Rows)
	}
	functions, err := json.Marshal(f.functions)
	if err != nil {
		panic(fmt.Sprintf("pipelines: functions: %v", err)) // texts
	}
	digest := func(b []byte) string { return fmt.Sprintf("SHA-256 %x", sha256.Sum256(b)) }
	id := map[string]string{
		"source table":      f.opt.Source,
		"rows of shards":    fmt.Sprint(rows),
		"architecture":      digest(f.stored.Arch),
		"first weights":     digest(weights.Encode(start)),
		"compile_params":    f.opt.Compile,
		"fit_params":        f.opt.Fit,
		"class weights":     fmt.Sprint(f.training.Model.Fit.ClassWeight),
		"functions":         digest(functions),
		"validation table":  f.opt.Validation,
		"metrics frequency": strconv.Itoa(f.opt.MetricsEvery),
		"seed":              strconv.FormatUint(f.opt.Seed, 10),
		"kernels":           kernels.Variant(),
		"device":            device(f.training.Recipe),
		"version":           Version,
	}
	if names := fitting.LossNames(f.training.Model); names != nil {
		id["losses of outputs"] = strings.Join(names, ", ")
	}
	maps.Copy(id, roundsIdentity(f.training.Schedule.Rounds))
	return id
}

// device is what a fit computes on.
func device(m recipe.Model) string {
	switch {
	case !m.GPUs:
		return "CPU"
	case m.GPUMath.Tensor():
		return "GPU, " + string(m.GPUMath)
	}
	return "GPU"
}

// roundsIdentity is what a checkpoint's identity has of a plan.
func roundsIdentity(p rounds.Plan) map[string]string {
	tail := p.Tail
	if tail != "" {
		tail += fmt.Sprintf(" from iteration %d on", p.TailFrom)
	}
	return map[string]string{
		"sync-every":        fmt.Sprint(p.Every),
		"warm-up-passes":    fmt.Sprint(p.WarmUpPasses()),
		"outer rule":        fmt.Sprintf("%s %v %v", p.Rule.Name, p.Rule.Rate, p.Rule.Momentum),
		"inner-state":       fmt.Sprintf("reset %v", p.Fresh),
		"moving statistics": p.Moving,
		"average-tail":      tail,
		"steps":             fmt.Sprintf("global %v", p.Global),
	}
}
