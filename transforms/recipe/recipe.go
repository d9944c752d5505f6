// Package recipe says what a DoFn needs of a model: values that any process can make the model from.
//
// A Model is a few kilobytes of text: it travels in the DoFns of a pipeline, as JSON. Load makes it, once per run and process.
// Weights are not of it; they travel as elements, or lie in a box (package collect).
//
// A model on GPUs looks for them when it first computes: who asks it, or reads rows for it, needs none. A worker process takes one for itself
// (package gpulock), the process that began the run has all that it sees.
//
// Failure: parameters that the driver has accepted cannot fail here, but for one thing: a process whose kernels are another
// variant than the recipe's would give other bits, and refuses. A model on GPUs that computes where there are none fails then.
package recipe

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/gpulock"
)

// A Model is what a model is made from.
type Model struct {
	// Arch is the architecture, Keras' JSON.
	Arch json.RawMessage
	// Compile and Fit are compile_params and fit_params as text. Without Compile the model can only predict.
	Compile, Fit string `json:",omitempty"`
	// ClassWeight are the class weights of Fit by class index, where Fit names classes by their values.
	ClassWeight map[int]float64 `json:",omitempty"`
	// Functions are the texts of losses and metrics that Compile names and Keras has not, by their names.
	Functions map[string]string `json:",omitempty"`
	// Kernels is the variant of the kernels that compute (kernels.Variant), which decides the last bits; "": any.
	Kernels string `json:",omitempty"`
	// GPUs: the model works on the GPUs of its process's machine, not on the CPU, and with OneGPU on one that its process takes. GPUMath is how they
	// multiply; Shards is how many shards share them.
	GPUs    bool      `json:",omitempty"`
	OneGPU  bool      `json:",omitempty"`
	GPUMath cuda.Math `json:",omitempty"`
	Shards  int       `json:",omitempty"`
}

// A Loaded is a Model that can work. It is safe for concurrent use.
type Loaded struct {
	*trainer.Model
	Spec *keras.Spec
	// Compile and Fit are the parameters of the recipe; nil: the model can only predict.
	Compile *params.Compile
	Fit     *params.Fit
	gpus    *cuda.Device // nil: it works on the CPU
}

// GPUs are those that the model works on, and looks for now where it has not computed yet; none where it works on the CPU.
func (l *Loaded) GPUs() ([]cuda.GPU, error) {
	if l.gpus == nil {
		return nil, nil
	}
	return l.gpus.GPUs()
}

// Where says on which GPU a shard was trained, for people: " on ..."; "" on the CPU.
func (l *Loaded) Where(shard int) string {
	all, err := l.GPUs()
	if err != nil || len(all) == 0 {
		return ""
	}
	g := all[shard%len(all)]
	return fmt.Sprintf(" on %v, %s", g, g.UUID)
}

// Load makes the model; in every process a run makes it once.
func (m Model) Load(ctx context.Context, run *bundle.Run) (*Loaded, error) {
	key, err := m.key()
	if err != nil {
		return nil, err
	}
	return bundle.Once(ctx, run, key, m.New)
}

// LoadStill makes the model with weights that training does not change; in every process a run makes it once. A pass over rows
// is their forward pass then, and changes moving statistics only.
func (m Model) LoadStill(ctx context.Context, run *bundle.Run) (*Loaded, error) {
	key, err := m.key()
	if err != nil {
		return nil, err
	}
	return bundle.Once(ctx, run, key+", still", func(ctx context.Context) (*Loaded, error) {
		return m.make(ctx, func(spec *keras.Spec) {
			for _, w := range spec.Weights {
				w.Trainable = false
			}
		})
	})
}

// New makes the model anew.
func (m Model) New(ctx context.Context) (*Loaded, error) { return m.make(ctx, func(*keras.Spec) {}) }

// make makes the model of a network that change has changed.
func (m Model) make(ctx context.Context, change func(*keras.Spec)) (*Loaded, error) {
	if here := kernels.Variant(); m.Kernels != "" && m.Kernels != here {
		return nil, fmt.Errorf("this worker computes with the kernels %s, the run with %s, and the results would differ in their last bits: "+
			"give the command a variant that all workers have, by --kernels or %s", here, m.Kernels, kernels.VariantEnv)
	}
	spec, err := keras.Parse(m.Arch)
	if err != nil {
		return nil, err
	}
	change(spec)
	l, config := &Loaded{Spec: spec}, trainer.Config{Spec: spec}
	if m.Compile != "" {
		if l.Compile, err = params.ParseCompile(m.Compile); err != nil {
			return nil, err
		}
		if l.Fit, err = params.ParseFit(m.Fit); err != nil {
			return nil, err
		}
		if m.ClassWeight != nil {
			l.Fit.ClassWeight = m.ClassWeight
		}
		config.Compile = *l.Compile
		if config.Functions, err = m.ParseFunctions(); err != nil {
			return nil, err
		}
	}
	if m.GPUs {
		l.gpus = cuda.New(m.gpuOptions(ctx))
		config.Device = l.gpus
	}
	if l.Model, err = trainer.New(config); err != nil {
		if l.Compile != nil {
			err = fmt.Errorf("compile_params: %w", err)
		}
		return l, err
	}
	return l, nil
}

// gpuOptions are those of the model's device.
func (m Model) gpuOptions(ctx context.Context) cuda.Options {
	o := cuda.Options{Math: m.GPUMath, Shards: m.Shards}
	if m.OneGPU {
		o.Choose = func(found []cuda.GPU) (cuda.Choice, error) {
			c, err := gpulock.Take(found)
			if err == nil {
				tell(ctx, found[c.Index], c.Processes)
			}
			return c, err
		}
	}
	return o
}

// tell logs which GPU this process has taken, and warns where others have it too.
func tell(ctx context.Context, g cuda.GPU, processes int) {
	ctx = context.WithoutCancel(ctx)
	log.Infof(ctx, "process %d works on %v, %s", os.Getpid(), g, g.UUID)
	if processes > 1 {
		log.Warnf(ctx, "%d processes share %v, %s: a shard may take 0.9/%d of its %d bytes at most; with as many GPUs as workers, each has more",
			processes, g, g.UUID, processes, g.Memory)
	}
}

// ParseFunctions reads the texts of Functions.
func (m Model) ParseFunctions() (expr.Set, error) {
	set := expr.Set{}
	for name, text := range m.Functions {
		f, err := expr.Parse(name, text)
		if err != nil {
			return nil, err
		}
		set[name] = f
	}
	return set, nil
}

// key names the model in a process.
func (m Model) key() (string, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("internal error: the recipe of a model: %w", err)
	}
	return fmt.Sprintf("model %x", sha256.Sum256(text)), nil
}
