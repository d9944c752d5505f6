package loss

import (
	"testing"

	"github.com/beamfit/beamfit/model/params/paramstest"
)

// TestPositional: arguments without names are those of Keras' signatures.
func TestPositional(t *testing.T) {
	paramstest.Signatures(t, "signatures.txt", []string{"Loss"}, func(class string) ([]string, bool) {
		e := find(class)
		if e == nil {
			return nil, false
		}
		return e.positional(), true
	})
}
