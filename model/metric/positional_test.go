package metric

import (
	"os"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/google/go-cmp/cmp"
)

// TestPositional: arguments without names are those of Keras' signatures (scripts/keras-fixtures/signatures.py).
func TestPositional(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if !Known(words[0]) {
			continue
		}
		if diff := cmp.Diff(words[1:], order(find(words[0]), params.Call{Name: words[0]})); diff != "" {
			t.Errorf("%s: Keras (-) and here (+) differ:\n%s", words[0], diff)
		}
	}
	m, err := New(params.Call{Name: "BinaryCrossentropy", Called: true, Positional: []params.Value{"mine", nil, true}}, 1)
	if err != nil || m.Name != "mine" || m.LogName != "mine" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := New(params.Call{Name: "AUC", Args: map[string]params.Value{"dtype": "float32", "name": nil}}, 1); err != nil {
		t.Error(err)
	}
	if _, err := New(params.Call{Name: "MeanSquaredError", Positional: []params.Value{"a", "b", "c"}}, 1); err == nil || !strings.Contains(err.Error(), "3 arguments, at most 2") {
		t.Error(err)
	}
}
