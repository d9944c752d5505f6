// Package recipe says what a DoFn needs of a model: values that any process can make the model from.
//
// A Model is a few kilobytes of text: it travels in the DoFns of a pipeline, as JSON. Load makes it, once per run and process.
// Weights are not of it; they travel as elements, or lie in a box (package collect).
//
// Failure: parameters that the driver has accepted cannot fail here, but for one thing: a process whose kernels are another
// variant than the recipe's would give other bits, and refuses. A model on GPUs also fails where a process has none.
package recipe

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
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
	// GPUs: the model works on the GPUs of its process's machine, not on the CPU. Shards is how many shards share them.
	GPUs   bool `json:",omitempty"`
	Shards int  `json:",omitempty"`
}

// A Loaded is a Model that can work. It is safe for concurrent use.
type Loaded struct {
	*trainer.Model
	Spec *keras.Spec
	// Compile and Fit are the parameters of the recipe; nil: the model can only predict.
	Compile *params.Compile
	Fit     *params.Fit
	// GPUs are those that the model works on.
	GPUs []cuda.GPU
}

// Load makes the model; in every process a run makes it once.
func (m Model) Load(ctx context.Context, run *bundle.Run) (*Loaded, error) {
	key, err := m.key()
	if err != nil {
		return nil, err
	}
	return bundle.Once(ctx, run, key, func(context.Context) (*Loaded, error) { return m.New() })
}

// LoadStill makes the model with weights that training does not change; in every process a run makes it once. A pass over rows
// is their forward pass then, and changes moving statistics only.
func (m Model) LoadStill(ctx context.Context, run *bundle.Run) (*Loaded, error) {
	key, err := m.key()
	if err != nil {
		return nil, err
	}
	return bundle.Once(ctx, run, key+", still", func(context.Context) (*Loaded, error) {
		return m.make(func(spec *keras.Spec) {
			for _, w := range spec.Weights {
				w.Trainable = false
			}
		})
	})
}

// New makes the model anew.
func (m Model) New() (*Loaded, error) { return m.make(func(*keras.Spec) {}) }

// make makes the model of a network that change has changed.
func (m Model) make(change func(*keras.Spec)) (*Loaded, error) {
	if here := kernels.Variant(); m.Kernels != "" && m.Kernels != here {
		return nil, fmt.Errorf("this worker computes with the kernels %s, the run with %s, and the results would differ in their last bits: "+
			"set %s to a variant that all workers have", here, m.Kernels, kernels.VariantEnv)
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
		device, err := cuda.Open(cuda.Options{Shards: m.Shards})
		if err != nil {
			return nil, err
		}
		config.Device, l.GPUs = device, device.GPUs()
	}
	if l.Model, err = trainer.New(config); err != nil {
		if device, ok := config.Device.(io.Closer); ok {
			err = errors.Join(err, device.Close())
		}
		if l.Compile != nil {
			err = fmt.Errorf("compile_params: %w", err)
		}
		return l, err
	}
	return l, nil
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
