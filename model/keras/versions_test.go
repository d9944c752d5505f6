package keras

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVersions reads what several versions of Keras write for every layer, and finds the shapes that they say
// (scripts/keras-fixtures/versions).
func TestVersions(t *testing.T) {
	var all struct {
		Models []struct {
			Name  string
			Forms []struct {
				Keras                    []string
				Architecture             json.RawMessage
				Inputs, Outputs, Weights [][]int
			}
		}
	}
	if err := json.Unmarshal(readFile(t, "versions.json"), &all); err != nil {
		t.Fatal(err)
	}
	versions := map[string]bool{}
	classes := map[string]bool{"InputLayer": true}
	for _, m := range all.Models {
		for _, form := range m.Forms {
			for _, version := range form.Keras {
				versions[version] = true
				t.Run(m.Name+" of "+version, func(t *testing.T) {
					text := []byte(strings.Replace(string(form.Architecture), "{", fmt.Sprintf(`{"keras_version": %q, `, version), 1))
					spec, err := Parse(text)
					if err != nil {
						t.Fatal(err)
					}
					for i, l := range spec.Lookups { // rows hold the indices of a text that is cut into tokens
						if l != nil && l.Length > 0 {
							form.Inputs[i] = []int{l.Length}
						}
					}
					var weights [][]int
					for _, w := range spec.Weights {
						weights = append(weights, append([]int{}, w.Shape...))
					}
					if diff := cmp.Diff([][][]int{form.Inputs, form.Outputs, form.Weights}, [][][]int{spec.InputShapes(), spec.OutputShapes(), append([][]int{}, weights...)}); diff != "" {
						t.Errorf("Keras (-) and Parse (+) differ:\n%s", diff)
					}
					if half := m.Name == "half"; half != (spec.Notices != nil) {
						t.Errorf("notices %q", spec.Notices)
					}
					for _, l := range spec.Layers {
						classes[l.Class] = true
					}
				})
			}
		}
	}
	if len(versions) < 11 {
		t.Errorf("found the versions %v", versions)
	}
	// these make masks, and Keras 3 writes them where a layer wants one
	for _, class := range LayerClasses() {
		if _, operation := operations[class]; !classes[class] && !keepsLayer[class] && !operation {
			t.Errorf("no version writes %s", class)
		}
	}
}
