package keras

import (
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	spec "github.com/beamfit/beamfit/model/keras"
)

// TestEveryLayerIsCompared: every class that the reader knows is in a network of the references, all of which are built and compared
// with Keras, and every class that the graph knows is built of one of them. So no table of layers has a row that another one misses.
func TestEveryLayerIsCompared(t *testing.T) {
	read, built := map[string]bool{
		"InputLayer":       true, // it is not applied
		"SpatialDropout1D": true, // read as Dropout with a shape of noise, like SpatialDropout2D
		"ThresholdedReLU":  true, // Keras 3 has none; read as ReLU
	}, map[string]bool{}
	for _, n := range networks(t) {
		for _, c := range n.spec(t).Calls {
			read[c.Layer.Class], built[c.Layer.Config.Class()] = true, true
		}
	}
	for _, class := range spec.LayerClasses() {
		if !read[class] {
			t.Errorf("no reference has a layer %s", class)
		}
	}
	for _, class := range graph.LayerClasses() {
		if !built[class] {
			t.Errorf("no reference is built of %s", class)
		}
	}
}
