package graph

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// TestLogitsOfLayers: a loss from_logits takes what is before a sigmoid or softmax where the graph has it, and predictions are read by the activation that
// the Spec names; so of every layer that Keras writes, given a sigmoid or softmax for its activation, both say the same. The models are those of
// keras.TestVersions, which has all layers.
func TestLogitsOfLayers(t *testing.T) {
	text, err := os.ReadFile("../keras/testdata/versions.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Models []struct {
			Name  string
			Forms []struct {
				Keras        []string
				Architecture json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	activation := regexp.MustCompile(`"activation": *"[a-z0-9_]+"`)
	with := map[string]bool{} // classes whose result has logits
	for _, m := range all.Models {
		for _, form := range m.Forms {
			for _, name := range []string{"sigmoid", softmaxName} {
				text := strings.Replace(string(form.Architecture), "{", fmt.Sprintf(`{"keras_version": %q, `, form.Keras[0]), 1)
				spec, err := keras.Parse([]byte(activation.ReplaceAllString(text, fmt.Sprintf(`"activation": %q`, name))))
				if err != nil && name == softmaxName && strings.Contains(err.Error(), "is not supported in a recurrent layer") {
					continue
				}
				if err != nil {
					t.Fatalf("%s of %s: %v", m.Name, form.Keras[0], err)
				}
				checkLogits(t, spec, with, m.Name+" of "+form.Keras[0]+" with "+name)
			}
		}
	}
	for _, class := range []string{
		"Activation", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Dense", "DepthwiseConv1D", "DepthwiseConv2D",
		"EinsumDense", "SeparableConv1D", "SeparableConv2D", "Softmax",
	} {
		if !with[class] {
			t.Errorf("no model has logits before a %s", class)
		}
	}
}

// checkLogits compares the results of all calls of a model, and notes the classes of those that have logits.
func checkLogits(t *testing.T, spec *keras.Spec, with map[string]bool, what string) {
	t.Helper()
	gorgoniaLock.Lock()
	defer gorgoniaLock.Unlock()
	b := newBuilder(spec, Options{Batch: 2, Training: true}) // in inference a dropout gives its input on, and logits with it, as in Keras
	for i := range spec.Tensors {
		b.keepLogits[i] = true
	}
	if err := b.layers(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, c := range spec.Calls {
		for _, out := range c.Outputs {
			alone := *spec
			alone.Outputs = []int{out}
			named := alone.OutputActivation(0)
			has := b.logits[b.made(b.tensors[out])] != nil
			if has != leavesLogits[named] {
				t.Errorf("%s: %s %s: logits %v, by its activation %q", what, c.Layer.Class, c.Layer.Name, has, named)
			}
			with[c.Layer.Class] = with[c.Layer.Class] || has
		}
	}
}
