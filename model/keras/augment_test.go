package keras

import (
	"strings"
	"testing"
)

// ofVersion is a model as a version of Keras wrote it.
func ofVersion(text, version string) []byte {
	return []byte(strings.Replace(text, "{", `{"keras_version": "`+version+`", `, 1))
}

// TestRanges: which ranges Keras takes, and what it draws from. Since 3.6 it looks at one end of each of two numbers only, tf.keras has no upper
// bound for two factors of a width.
func TestRanges(t *testing.T) {
	const image = "[null, 8, 8, 3]"
	for _, tt := range []struct {
		version, class, args string
		want                 Range
		of                   func(Config) Range
	}{
		{"3.15.1", "RandomBrightness", `"factor": [-0.5, 2]`, Range{-0.5, 2}, func(k Config) Range { return k.(*RandomColor).Factor }},
		{"3.15.1", "RandomBrightness", `"factor": [0.5, -1]`, Range{-1, 0.5}, func(k Config) Range { return k.(*RandomColor).Factor }},
		{"3.15.1", "RandomBrightness", `"factor": 0.1, "value_range": [255, 0]`, Range{0, 255}, func(k Config) Range { return k.(*RandomColor).Values }},
		{"2.15.0", "RandomBrightness", `"factor": [0.5, -1]`, Range{-1, 0.5}, func(k Config) Range { return k.(*RandomColor).Factor }},
		{"2.15.0", "RandomZoom", `"height_factor": 0.1, "width_factor": [0, 2]`, Range{1, 3}, func(k Config) Range { return *k.(*RandomMove).Width }},
		{"2.15.0", "RandomZoom", `"height_factor": 0.1, "width_factor": -0.5`, Range{0.5, 1.5}, func(k Config) Range { return *k.(*RandomMove).Width }},
	} {
		spec, err := Parse(ofVersion(chain(image, tt.class, tt.args), tt.version))
		if err != nil {
			t.Errorf("%s of %s, %s: %v", tt.class, tt.version, tt.args, err)
			continue
		}
		if got := tt.of(spec.Layers[1].Config); got != tt.want {
			t.Errorf("%s of %s, %s: %v, want %v", tt.class, tt.version, tt.args, got, tt.want)
		}
	}
	for _, tt := range []struct{ version, class, args string }{
		{"2.15.0", "RandomBrightness", `"factor": [-0.5, 2]`},
		{"2.15.0", "RandomZoom", `"height_factor": 0.1, "width_factor": [-2, 0]`},
		{"2.15.0", "RandomZoom", `"height_factor": 0.1, "width_factor": 2`},
	} {
		if _, err := Parse(ofVersion(chain(image, tt.class, tt.args), tt.version)); err == nil || !strings.Contains(err.Error(), "factor must be one or two numbers from -1 to 1") {
			t.Errorf("%s of %s, %s: %v", tt.class, tt.version, tt.args, err)
		}
	}
}

// TestCausalSeparable: tf.keras pads a SeparableConv1D causally, Keras 3 does not.
func TestCausalSeparable(t *testing.T) {
	text := chain("[null, 9, 4]", "SeparableConv1D", `"filters": 3, "kernel_size": 2, "strides": 2, "padding": "causal"`)
	spec, err := Parse(ofVersion(text, "2.15.0"))
	if err != nil {
		t.Fatal(err)
	}
	if got := spec.OutputShapes()[0]; got[0] != 5 || got[1] != 3 {
		t.Errorf("shape %v", got)
	}
	_ = refused(t, string(ofVersion(text, "3.15.1")), `padding "causal" is not supported`)
	_ = refused(t, string(ofVersion(strings.Replace(text, "SeparableConv1D", "DepthwiseConv1D", 1), "2.15.0")), `padding "causal" is not supported`)
}
