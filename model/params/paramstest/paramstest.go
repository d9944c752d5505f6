// Package paramstest compares, in tests, arguments without names with those of Keras' signatures, as scripts/keras-fixtures/signatures.py writes them.
package paramstest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Signatures fails unless order gives, for every class in a file of testdata, the arguments that it has there. The classes of foreign are those that Keras
// alone has, of which order must say that they are not known: so none is left out unseen.
func Signatures(t *testing.T, file string, foreign []string, order func(class string) (arguments []string, known bool)) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		t.Fatalf("%s is empty", file)
	}
	var unknown []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		got, known := order(words[0])
		if !known {
			unknown = append(unknown, words[0])
			continue
		}
		if diff := cmp.Diff(words[1:], slices.Concat([]string{}, got)); diff != "" {
			t.Errorf("%s: Keras (-) and here (+) differ:\n%s", words[0], diff)
		}
	}
	if diff := cmp.Diff(foreign, unknown); diff != "" {
		t.Errorf("classes of %s that are not known, expected (-) and found (+):\n%s", file, diff)
	}
}
