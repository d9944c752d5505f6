package loss

import (
	"os"
	"strings"
	"testing"

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
		e := find(words[0])
		if e == nil { // the base of all
			continue
		}
		if diff := cmp.Diff(words[1:], e.positional()); diff != "" {
			t.Errorf("%s: Keras (-) and here (+) differ:\n%s", words[0], diff)
		}
	}
}
