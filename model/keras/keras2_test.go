package keras

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// after2 are the classes of layers that Keras has since 2.4 or later, or never had outside of functions and applications.
var after2 = []string{
	"AdditiveAttention", "Any", "Attention", "CategoryEncoding", "CenterCrop", "Conv1DTranspose", "ConvLSTM1D", "CustomScaleLayer", "DepthwiseConv1D",
	"Discretization", "EinsumDense", "GroupNormalization", "Hashing", "Identity", "IntegerLookup", "LayerNormalization", "LayerScale", "LogicalAnd", "LogicalOr",
	"MultiHeadAttention", "Normalization", "NotEqual", "OnesLike", "RMSNormalization", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip",
	"RandomRotation", "RandomTranslation", "RandomZoom", "Rescaling", "Resizing", "StochasticDepth", "StringLookup", "TextVectorization", "UnitNormalization",
	"ZerosLike",
}

// TestKeras2 reads what Keras 2.0 to 2.3 wrote for every layer that they had, and finds in it what it finds in what tf.keras and Keras 3 write for
// the same layers (scripts/keras-fixtures/keras2).
func TestKeras2(t *testing.T) {
	var all struct {
		Models []struct {
			Name  string
			Forms []struct {
				Keras        []string
				Architecture json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(readFile(t, "keras2.json"), &all); err != nil {
		t.Fatal(err)
	}
	old := []string{"2.0.9", "2.1.6", "2.2.4", "2.3.1"}
	classes, versions := map[string]bool{"InputLayer": true}, map[string]bool{}
	for _, m := range all.Models {
		read := map[string]*Spec{}
		for _, form := range m.Forms {
			for _, version := range form.Keras {
				versions[version] = true
				text := strings.Replace(string(form.Architecture), "{", fmt.Sprintf(`{"keras_version": %q, `, version), 1)
				spec, err := Parse([]byte(text))
				if err != nil {
					t.Errorf("%s of %s: %v", m.Name, version, err)
					continue
				}
				read[version] = spec
			}
		}
		for version, spec := range read {
			for _, l := range spec.Layers {
				classes[l.Class] = classes[l.Class] || slices.Contains(old, version)
			}
			for _, newer := range []string{"2.21.0", "3.15.1"} {
				if read[newer] == nil && !(newer == "3.15.1" && m.Name == "ThresholdedReLU") {
					t.Errorf("%s: nothing of %s to compare with", m.Name, newer)
				} else if diff := cmp.Diff(read[newer], spec, everything...); read[newer] != nil && diff != "" {
					t.Errorf("%s: Keras %s (-) and Keras %s (+) differ:\n%s", m.Name, newer, version, diff)
				}
			}
		}
	}
	for _, version := range old {
		if !versions[version] {
			t.Errorf("nothing is of Keras %s", version)
		}
	}
	for _, class := range LayerClasses() {
		if classes[class] == slices.Contains(after2, class) {
			t.Errorf("%s is among the layers of Keras 2.0 to 2.3: %v", class, classes[class])
		}
	}
}

// everything compares models but for their own names, which a list of layers has not, for who wrote them, and for the InputLayer that these versions
// leave out of a Sequential.
var everything = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmpopts.IgnoreFields(Spec{}, "Name", "Version"),
	cmpopts.IgnoreFields(UnitNormalization{}, "LeastNorm"), // which is of the generation
	cmpopts.IgnoreFields(Dot{}, "LeastNorm"),
	cmpopts.IgnoreFields(Part{}, "Class"), // Model is Functional
	cmpopts.IgnoreSliceElements(func(l *Layer) bool { return l.Class == "InputLayer" }),
	cmpopts.IgnoreSliceElements(func(p Part) bool { return p.Class == "InputLayer" }),
}
