package keras

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const policies = `{"class_name": "Sequential", "keras_version": "3.15.0", "config": {"name": "s", "layers": [
{"class_name": "InputLayer", "config": {"batch_shape": [null, 6, 3], "dtype": "float32", "name": "in"}},
{"class_name": "LSTM", "config": {"name": "l", "units": 4, "return_sequences": true, "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}, "registered_name": null}}},
{"class_name": "TimeDistributed", "config": {"name": "t", "dtype": "mixed_float16", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "mixed_float16"}}}},
{"class_name": "TimeDistributed", "config": {"name": "u", "dtype": "mixed_bfloat16", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "float32"}}}},
{"class_name": "Flatten", "config": {"name": "f", "dtype": {"class_name": "Policy", "config": {"name": "bfloat16"}}}},
{"class_name": "Dense", "config": {"name": "o", "units": 2}}]}}`

func precisions(t *testing.T, text string) string {
	t.Helper()
	spec, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range spec.Layers {
		if l.Class == "InputLayer" {
			continue
		}
		p := string(l.Precision)
		if c, ok := l.Config.(*TimeDistributed); ok && c.Layer.Precision != l.Precision {
			t.Errorf("layer %s has the precision %s, that inside %s", l.Name, p, c.Layer.Precision)
		}
		all = append(all, l.Name+" "+p)
	}
	return strings.Join(all, ", ") + "; " + strings.Join(spec.Notices, "; ")
}

func TestPrecisionOfLayers(t *testing.T) {
	const want = "l mixed_bfloat16, t mixed_bfloat16, u float32, f float32, o float32; the model states the policy mixed_float16; it is read as " +
		"mixed_bfloat16; the model states the dtype bfloat16; its weights and results are float32 here"
	if got := precisions(t, policies); got != want {
		t.Errorf("found %s\nwant  %s", got, want)
	}
}

func TestSetPrecision(t *testing.T) {
	for p, want := range map[Precision]string{
		MixedBfloat16: "l mixed_bfloat16, t mixed_bfloat16, u mixed_bfloat16, f mixed_bfloat16, o mixed_bfloat16; ",
		Float32:       "l float32, t float32, u float32, f float32, o float32; ",
	} {
		text, err := SetPrecision([]byte(policies), p)
		if err != nil {
			t.Fatal(err)
		}
		if got := precisions(t, string(text)); got != want {
			t.Errorf("found %s\nwant  %s", got, want)
		}
		if strings.Contains(string(text), "float16") != (p == MixedBfloat16) || !strings.Contains(string(text), `"batch_shape": [null, 6, 3], "dtype": "float32"`) {
			t.Errorf("the text is %s", text)
		}
	}
}

// TestSetPrecisionOfFixtures: every model that Keras wrote stays what it is but for the precision of its layers.
func TestSetPrecisionOfFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.k*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.Contains(name, "facts") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := SetPrecision(text, MixedBfloat16)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Parse(changed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if after.NumWeights != before.NumWeights || len(after.Calls) != len(before.Calls) {
			t.Errorf("%s: %d weights and %d calls, want %d and %d", name, after.NumWeights, len(after.Calls), before.NumWeights, len(before.Calls))
		}
		for i, l := range after.Layers {
			if was := before.Layers[i].Precision; l.Class != "InputLayer" && was != "" && l.Precision != MixedBfloat16 {
				t.Errorf("%s: layer %s has the precision %q", name, l.Name, l.Precision)
			}
		}
		back, err := SetPrecision(changed, Float32)
		if err != nil {
			t.Fatal(err)
		}
		again, err := SetPrecision(back, MixedBfloat16)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(changed) {
			t.Errorf("%s: float32 and mixed_bfloat16 again give another text", name)
		}
	}
}

func TestParsePrecision(t *testing.T) {
	for _, name := range Precisions {
		if p, err := ParsePrecision(name); err != nil || string(p) != name {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := ParsePrecision("mixed_bfloat"); err == nil || !strings.Contains(err.Error(), "mixed_bfloat16") {
		t.Errorf("found %v", err)
	}
}
