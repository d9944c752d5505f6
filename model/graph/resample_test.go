package graph

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// TestNearestPixels: which pixels the nearest ones are, as Keras with TensorFlow has them (scripts/keras-fixtures/resizing.py).
func TestNearestPixels(t *testing.T) {
	text, err := os.ReadFile("testdata/nearest.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases []struct {
			In, Out int
			Pixels  []int
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all.Cases {
		if got := taps("nearest", c.In, c.Out).First; !slices.Equal(got, c.Pixels) {
			t.Errorf("%d of %d: %v, Keras takes %v", c.Out, c.In, got, c.Pixels)
		}
	}
	if len(all.Cases) < 10 {
		t.Errorf("%d cases", len(all.Cases))
	}
}
