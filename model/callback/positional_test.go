package callback

import (
	"testing"

	"github.com/beamfit/beamfit/model/params/paramstest"
)

// TestPositional: arguments without names are those of Keras' signatures.
func TestPositional(t *testing.T) {
	paramstest.Signatures(t, "signatures.txt", []string{
		"BackupAndRestore", "Callback", "CallbackList", "History", "LambdaCallback", "OrbaxCheckpoint", "ProgbarLogger", "RemoteMonitor", "SwapEMAWeights",
	}, func(class string) ([]string, bool) {
		if i := find(class); i >= 0 {
			return table[i].order, true
		}
		return nil, false
	})
}
