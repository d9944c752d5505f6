package keras

import (
	"fmt"
	"strings"
)

// An Initializer is a Keras initializer by class name (Zeros, VarianceScaling, ...) with its numeric and text arguments
// resolved to their defaults. Named forms (GlorotUniform, HeNormal, ...) are resolved to VarianceScaling.
// model/initializer draws from it.
type Initializer struct {
	Class        string
	Value        float64 // Constant
	Mean, Stddev float64 // RandomNormal, TruncatedNormal
	Minval       float64 // RandomUniform
	Maxval       float64
	Scale        float64 // VarianceScaling
	Mode         string  // VarianceScaling: fan_in, fan_out, fan_avg
	Distribution string  // VarianceScaling: truncated_normal, untruncated_normal, uniform
	Fans         [2]int  // VarianceScaling: inputs and outputs of a unit, where the array's shape does not tell
	Gain         float64 // Identity, Orthogonal
	Window       string  // STFT: see Window; "" for none
	Side         string  // STFT: real, imag
	Scaling      string  // STFT: density, spectrum, or "" for none
	Periodic     bool    // STFT
	UnitForget   int     // units of an LSTM whose forget gates have a bias of 1: elements from UnitForget to 2·UnitForget
	Seed         *int64  // nil: drawn from the run's seed
}

// The defaults of layers.
var (
	zeros         = Initializer{Class: "Zeros"}
	ones          = Initializer{Class: "Ones"}
	glorotUniform = scaling(1, "fan_avg", "uniform")
)

// initializers is the table of known initializers: how each reads its arguments.
var initializers = map[string]func(*args) Initializer{
	"Zeros":           func(*args) Initializer { return zeros },
	"Ones":            func(*args) Initializer { return ones },
	"Constant":        parseConstant,
	"Identity":        func(a *args) Initializer { return Initializer{Class: "Identity", Gain: a.float("gain", 1)} },
	"Orthogonal":      parseOrthogonal,
	"RandomNormal":    func(a *args) Initializer { return parseNormal(a, "RandomNormal") },
	"TruncatedNormal": func(a *args) Initializer { return parseNormal(a, "TruncatedNormal") },
	"RandomUniform":   parseUniform,
	"STFT":            parseSTFT,
	"VarianceScaling": parseScaling,
	"GlorotUniform":   named(glorotUniform),
	"GlorotNormal":    named(scaling(1, "fan_avg", "truncated_normal")),
	"HeUniform":       named(scaling(2, "fan_in", "uniform")),
	"HeNormal":        named(scaling(2, "fan_in", "truncated_normal")),
	"LecunUniform":    named(scaling(1, "fan_in", "uniform")),
	"LecunNormal":     named(scaling(1, "fan_in", "truncated_normal")),
}

// initializerAliases are short names of older Keras versions.
var initializerAliases = map[string]string{
	"normal":  "RandomNormal",
	"one":     "Ones",
	"uniform": "RandomUniform",
	"zero":    "Zeros",
}

// initializerClass finds the class for a class name or a name of keras.initializers (glorot_uniform). Keras 3.0 to 3.6 call some
// of them OrthogonalInitializer, IdentityInitializer and STFTInitializer; a V2 at the end is of TensorFlow's own classes.
func initializerClass(name string) string {
	if class, ok := initializerAliases[name]; ok {
		return class
	}
	plain := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	plain = strings.TrimSuffix(strings.TrimSuffix(plain, "v2"), "initializer")
	for class := range initializers {
		if strings.ToLower(class) == plain {
			return class
		}
	}
	return name
}

func scaling(scale float64, mode, distribution string) Initializer {
	return Initializer{Class: "VarianceScaling", Scale: scale, Mode: mode, Distribution: distribution}
}

// named is a form of VarianceScaling that has no argument but the seed.
func named(form Initializer) func(*args) Initializer {
	return func(a *args) Initializer {
		i := form
		i.Seed = a.seed()
		return i
	}
}

func parseConstant(a *args) Initializer {
	return Initializer{Class: "Constant", Value: a.float("value", 0)}
}

func parseNormal(a *args, class string) Initializer {
	i := Initializer{Class: class, Mean: a.float("mean", 0), Stddev: a.float("stddev", 0.05), Seed: a.seed()}
	if i.Stddev < 0 {
		a.wrong("stddev", "at least 0")
	}
	return i
}

func parseUniform(a *args) Initializer {
	i := Initializer{Class: "RandomUniform", Minval: a.float("minval", -0.05), Maxval: a.float("maxval", 0.05), Seed: a.seed()}
	if i.Minval > i.Maxval {
		a.fail("minval %g is greater than maxval %g", i.Minval, i.Maxval)
	}
	return i
}

func parseScaling(a *args) Initializer {
	i := scaling(
		a.float("scale", 1),
		a.oneOf("mode", "fan_in", "fan_out", "fan_avg"),
		a.oneOf("distribution", "truncated_normal", "untruncated_normal", "uniform", "normal"))
	if i.Distribution == "normal" { // the spelling of Keras 2.1
		i.Distribution = "truncated_normal"
	}
	if i.Scale <= 0 {
		a.wrong("scale", "greater than 0")
	}
	i.Seed = a.seed()
	return i
}

func parseOrthogonal(a *args) Initializer {
	return Initializer{Class: "Orthogonal", Gain: a.float("gain", 1), Seed: a.seed()}
}

// parseSTFT keeps the difference between an argument that is null, which is none, and one that is absent.
func parseSTFT(a *args) Initializer {
	i := Initializer{Class: "STFT", Side: a.oneOf("side", "real", "imag"), Periodic: a.bool("periodic", false)}
	if v, given := a.obj["window"]; !given || v != nil {
		i.Window = a.oneOf("window", windowNames()...)
	}
	if v, given := a.obj["scaling"]; i.Window != "" && (!given || v != nil) {
		i.Scaling = a.oneOf("scaling", "density", "spectrum")
	}
	a.skip("scaling")
	return i
}

// fits refuses an array of a shape that the initializer cannot fill.
func (i Initializer) fits(shape []int) error {
	switch {
	case i.Class == "Identity" && len(shape) != 2:
		return fmt.Errorf("initializer Identity is for matrices, found shape %s", shapeText(shape))
	case i.Class == "Orthogonal" && len(shape) < 2:
		return fmt.Errorf("initializer Orthogonal is for at least two dimensions, found shape %s", shapeText(shape))
	case i.Class == "STFT" && (len(shape) != 3 || shape[1] != 1 || shape[2] < 2):
		return fmt.Errorf("initializer STFT is for kernels of one channel, (steps, 1, at least 2), found shape %s", shapeText(shape))
	}
	return nil
}

// initializer reads an initializer: a name, or {"class_name": ..., "config": {...}}. One that is absent is the layer's default, and
// one that is null is GlorotUniform, whatever the layer's default is.
//
// Source: keras/src/layers/layer.py, add_weight; in Keras 2, add_weight of base_layer.py.
func (a *args) initializer(key string, byDefault Initializer) Initializer {
	v, ok := a.get(key)
	if _, null := a.obj[key]; !ok && null {
		return glorotUniform
	}
	if !ok {
		return byDefault
	}
	i, err := readInitializer(v)
	if err != nil {
		a.fail("%s: %w", key, err)
	}
	return i
}

// readInitializer reads the serialized form of an initializer.
func readInitializer(v any) (Initializer, error) {
	class, config := "", object{}
	switch v := v.(type) {
	case string:
		class = v
	case object:
		class, _ = v["class_name"].(string)
		switch c := v["config"].(type) {
		case nil:
		case object:
			config = c
		default:
			return Initializer{}, fmt.Errorf("the config of an initializer must be an object, found %s", show(c))
		}
	}
	class = initializerClass(class)
	parse, ok := initializers[class]
	if !ok {
		return Initializer{}, fmt.Errorf("initializer %s is not supported (%s)", objectName(v), known(class, initializers))
	}
	a := newArgs(config)
	a.dtype()
	i := parse(a)
	if err := a.check(); err != nil {
		return Initializer{}, fmt.Errorf("%s: %w", class, err)
	}
	return i, nil
}
