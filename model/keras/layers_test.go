package keras

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chain is a Sequential of one input and layers, each written as `"Class", "arguments"` pairs; the layers are called
// l1, l2, ...
func chain(shape string, layers ...string) string {
	text := `{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": ` + shape + `}}`
	for i := 0; i < len(layers); i += 2 {
		text += fmt.Sprintf(`, {"class_name": %q, "config": {"name": "l%d"`, layers[i], i/2+1)
		if layers[i+1] != "" {
			text += ", " + layers[i+1]
		}
		text += "}}"
	}
	return text + "]}}"
}

func TestLayerArguments(t *testing.T) {
	seed := int64(7)
	tests := []struct {
		shape, class, args string
		config             Config
		out                []int
	}{
		{
			"[null, 3, 4]", "Dense", `"units": 5`,
			&Dense{Units: 5, Activation: "linear", UseBias: true, KernelInitializer: glorotUniform, BiasInitializer: zeros},
			[]int{3, 5},
		},
		{
			"[32, 4]", "Dense", `"units": 5, "activation": {"class_name": "function", "config": "tanh"}, "use_bias": false, "kernel_initializer": "he_normal", "bias_initializer": "one"`,
			&Dense{Units: 5, Activation: "tanh", KernelInitializer: scaling(2, "fan_in", "truncated_normal"), BiasInitializer: ones},
			[]int{5},
		},
		{"[null, 4]", "Activation", `"activation": "sigmoid"`, &Activation{"sigmoid"}, []int{4}},
		{"[null, 4]", "Dropout", `"rate": 0.25, "seed": 7, "noise_shape": null`, &Dropout{Rate: 0.25, Seed: &seed}, []int{4}},
		{
			"[null, 4, 6]", "Dropout", `"rate": 0, "noise_shape": {"class_name": "__tuple__", "items": [null, 1, null]}`,
			&Dropout{NoiseShape: []int{1, 6}, noise: []int{0, 1, 0}},
			[]int{4, 6},
		},
		{"[null, 4, 6, 2]", "Flatten", ``, &Flatten{}, []int{48}},
		{"[null, 4, 6]", "Reshape", `"target_shape": [2, -1, 3]`, &Reshape{TargetShape: []int{2, 4, 3}}, []int{2, 4, 3}},
		{"[null, 4, 6]", "Reshape", `"target_shape": [24]`, &Reshape{TargetShape: []int{24}}, []int{24}},
		{
			"[null, 9, 8, 4]", "Conv2D", `"filters": 6, "kernel_size": [3, 2], "strides": 2, "groups": 2, "data_format": "channels_last"`,
			&Conv2D{
				Filters: 6, KernelSize: [2]int{3, 2}, Strides: [2]int{2, 2}, Dilation: [2]int{1, 1}, Groups: 2, Padding: "valid",
				Activation: "linear", UseBias: true, KernelInitializer: glorotUniform, BiasInitializer: zeros,
			},
			[]int{4, 4, 6},
		},
		{
			"[null, 9, 8, 4]", "Conv2D", `"filters": 6, "kernel_size": 3, "dilation_rate": [2, 3], "padding": "valid", "activation": null, "use_bias": false`,
			&Conv2D{
				Filters: 6, KernelSize: [2]int{3, 3}, Strides: [2]int{1, 1}, Dilation: [2]int{2, 3}, Groups: 1, Padding: "valid",
				Activation: "linear", KernelInitializer: glorotUniform, BiasInitializer: zeros,
			},
			[]int{5, 2, 6},
		},
		{"[null, 9, 8, 4]", "MaxPooling2D", ``, &Pooling{Kind: "MaxPooling2D", PoolSize: [2]int{2, 2}, Strides: [2]int{2, 2}, Padding: "valid"}, []int{4, 4, 4}},
		{
			"[null, 9, 8, 4]", "MaxPooling2D", `"pool_size": 3, "strides": [1, 2], "padding": "same"`,
			&Pooling{Kind: "MaxPooling2D", PoolSize: [2]int{3, 3}, Strides: [2]int{1, 2}, Padding: "same"},
			[]int{9, 4, 4},
		},
		{
			"[null, 9, 8, 4]", "BatchNormalization", `"axis": [-2], "momentum": 0.5, "scale": false, "renorm": false, "renorm_momentum": 0.99`,
			&BatchNormalization{
				Axis: 2, Momentum: 0.5, Epsilon: 1e-3, GammaBeta: GammaBeta{Center: true, GammaInitializer: ones, BetaInitializer: zeros},
				MovingMeanInitializer: zeros, MovingVarianceInitializer: ones,
			},
			[]int{9, 8, 4},
		},
	}
	for _, tt := range tests {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) {
			spec, err := Parse([]byte(chain(tt.shape, tt.class, tt.args)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.config, spec.Layers[1].Config, cmp.AllowUnexported(Dropout{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.out, spec.OutputShapes()[0]); diff != "" {
				t.Error(diff)
			}
			if got := spec.Layers[1].Config.Class(); got != tt.class {
				t.Errorf("Class is %q", got)
			}
		})
	}
}

func TestInitializers(t *testing.T) {
	seed := int64(11)
	normal, truncated, uniform := "RandomNormal", "TruncatedNormal", "RandomUniform"
	tests := []struct {
		json string
		want Initializer
	}{
		{`"zeros"`, zeros},
		{`"Ones"`, ones},
		{`{"class_name": "Constant", "config": {"value": 0.25}}`, Initializer{Class: "Constant", Value: 0.25}},
		{`"random_normal"`, Initializer{Class: normal, Stddev: 0.05}},
		{`"normal"`, Initializer{Class: normal, Stddev: 0.05}},
		{`{"class_name": "RandomNormal", "config": {"mean": 0.5, "stddev": 0.2, "seed": 11}}`, Initializer{Class: normal, Mean: 0.5, Stddev: 0.2, Seed: &seed}},
		{`{"class_name": "TruncatedNormal", "config": {"mean": 1, "stddev": 0.4, "dtype": "float32"}}`, Initializer{Class: truncated, Mean: 1, Stddev: 0.4}},
		{`"uniform"`, Initializer{Class: uniform, Minval: -0.05, Maxval: 0.05}},
		{`{"class_name": "RandomUniform", "config": {"minval": -0.3, "maxval": 0.6, "seed": null}}`, Initializer{Class: uniform, Minval: -0.3, Maxval: 0.6}},
		{`"variance_scaling"`, scaling(1, "fan_in", "truncated_normal")},
		{`{"class_name": "VarianceScaling", "config": {"scale": 2, "mode": "fan_out", "distribution": "normal", "seed": null}}`, scaling(2, "fan_out", "truncated_normal")},
		{`{"class_name": "VarianceScaling", "config": {"distribution": "untruncated_normal", "input_axes": null}}`, scaling(1, "fan_in", "untruncated_normal")},
		{`"glorot_uniform"`, scaling(1, "fan_avg", "uniform")},
		{`{"class_name": "GlorotNormal", "config": {"seed": 11}}`, Initializer{Class: "VarianceScaling", Scale: 1, Mode: "fan_avg", Distribution: "truncated_normal", Seed: &seed}},
		{`"he_uniform"`, scaling(2, "fan_in", "uniform")},
		{`"HeNormal"`, scaling(2, "fan_in", "truncated_normal")},
		{`"lecun_uniform"`, scaling(1, "fan_in", "uniform")},
		{`"lecun_normal"`, scaling(1, "fan_in", "truncated_normal")},
		{`null`, glorotUniform},
	}
	for _, tt := range tests {
		spec, err := Parse([]byte(chain("[null, 2]", "Dense", `"units": 1, "kernel_initializer": `+tt.json)))
		if err != nil {
			t.Errorf("%s: %v", tt.json, err)
			continue
		}
		if diff := cmp.Diff(tt.want, spec.Weights[0].Initializer); diff != "" {
			t.Errorf("%s: %s", tt.json, diff)
		}
	}
}

// TestNullInitializer: null is not the layer's default, in no version; only an absent argument is.
func TestNullInitializer(t *testing.T) {
	for args, want := range map[string]Initializer{`"units": 1`: zeros, `"units": 1, "bias_initializer": null`: glorotUniform} {
		for _, version := range []string{"2.11.0", "3.15.1"} {
			spec, err := Parse([]byte(strings.Replace(chain("[null, 2]", "Dense", args), "{", `{"keras_version": "`+version+`", `, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, spec.Weights[1].Initializer); diff != "" {
				t.Errorf("%s of %s: %s", args, version, diff)
			}
		}
	}
}
