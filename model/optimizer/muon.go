package optimizer

import (
	"math"
	"regexp"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// Muon makes the momentum of a matrix nearly orthogonal before its step:
//
//	m += g + m·(momentum - 1)
//	x = g + momentum·m                       // nesterov False: x = m
//	x = x/(‖x‖ + 1e-7), transposed where it is higher than wide
//	x = muon_a·x + (muon_b·S + muon_c·S²)·x   // ns_steps times, with S = x·xᵀ
//	p -= lr·√max(rows, columns)·rms_rate·x    // rms_rate None: p -= lr·x
//
// Slot: m.
//
// Source: keras/src/optimizers/muon.py.
type Muon struct {
	A, B, C, Momentum float64
	RMSRate           float64 // 0: None
	Steps             int
	Nesterov          bool
}

// Kind is "Muon".
func (Muon) Kind() string { return "Muon" }

// Slots is 1.
func (Muon) Slots() int { return 1 }

func (Muon) ofArrays() {}

// muonOrAdam is Keras' Muon: the rule Muon for matrices, Adam's with a learning rate of its own for all other arrays, for those of
// embeddings and for those of excluded layers.
//
// Arguments: learning_rate 0.001, adam_beta_1 0.9, adam_beta_2 0.999, adam_weight_decay 0.004, epsilon 1e-7, weight_decay 0.004, exclude_layers None,
// regular expressions that are looked for in paths of weights (keras.Layer.Path), exclude_embeddings True, muon_a 3.4445, muon_b -4.775, muon_c 2.0315, adam_lr_ratio 1, momentum 0.95, ns_steps 5,
// nesterov True, rms_rate 0.2. Slots: m of both, v of Adam.
type muonOrAdam struct {
	Muon
	adam              Adam
	decay, adamDecay  float64
	adamRatio         float64
	exclude           []*regexp.Regexp
	excludeEmbeddings bool
}

func newMuon(a *params.Args) Rule {
	o := muonOrAdam{
		Muon: Muon{
			A: a.Float(3.4445, "muon_a"), B: a.Float(-4.775, "muon_b"), C: a.Float(2.0315, "muon_c"), Momentum: share(a, 0.95, "momentum"),
			RMSRate: orNone(a, 0.2, "rms_rate"), Steps: a.Int(5, "ns_steps"), Nesterov: a.Bool(true, "nesterov"),
		},
		adam:  Adam{Beta1: share(a, 0.9, "adam_beta_1"), Beta2: share(a, 0.999, "adam_beta_2"), Epsilon: epsilon(a)},
		decay: orNone(a, 0.004, "weight_decay"), adamDecay: orNone(a, 0.004, "adam_weight_decay"), adamRatio: positiveOrZero(a, 1, "adam_lr_ratio"),
		excludeEmbeddings: a.Bool(true, "exclude_embeddings"),
	}
	if o.Steps < 0 || o.Steps > mostNewtonSteps {
		a.Failf("argument ns_steps must lie from 0 to %d, found %d", mostNewtonSteps, o.Steps)
	}
	excluded, _ := a.Value("exclude_layers").([]params.Value)
	if a.Has("exclude_layers") && excluded == nil {
		a.Failf("argument exclude_layers must be a list of texts, found %v", a.Value("exclude_layers"))
	}
	for _, e := range excluded {
		text, ok := e.(string)
		if !ok {
			a.Failf("argument exclude_layers must be a list of texts, found %v in it", e)
			continue
		}
		pattern, err := regexp.Compile(text)
		if err != nil {
			a.Failf("argument exclude_layers: %v", err)
			continue
		}
		o.exclude = append(o.exclude, pattern)
	}
	return o
}

// mostNewtonSteps is far beyond where the iteration has settled.
const mostNewtonSteps = 100

// orNone reads an argument that must not be negative, and of which None says that there is none: 0.
func orNone(a *params.Args, byDefault float64, name string) float64 {
	if a.Given(name) && !a.Has(name) {
		return 0
	}
	return positiveOrZero(a, byDefault, name)
}

// Slots is 2.
func (muonOrAdam) Slots() int { return 2 }

func (o muonOrAdam) of(path string, shape []int) (Rule, float64) {
	excluded := len(shape) != 2 || o.excludeEmbeddings && strings.Contains(strings.ToLower(path), "embedding")
	for _, e := range o.exclude {
		excluded = excluded || e.MatchString(path)
	}
	if excluded {
		return o.adam, o.adamDecay
	}
	return o.Muon, o.decay
}

func (o muonOrAdam) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	b1, b2 := correction(o.adam.Beta1, t), correction(o.adam.Beta2, t)
	return Scalars{Rate: rate, Corrected: rate * o.adamRatio * math.Sqrt(b2) / b1}
}
