package callback

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
		if i := find(words[0]); i >= 0 {
			if diff := cmp.Diff(words[1:], table[i].order); diff != "" {
				t.Errorf("%s: Keras (-) and here (+) differ:\n%s", words[0], diff)
			}
		}
	}
}
