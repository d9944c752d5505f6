package expr

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocumented: docs/functions.md ends with the table of all functions. BEAMFIT_UPDATE_GOLDEN=1 writes it.
func TestDocumented(t *testing.T) {
	const file, head = "../../docs/functions.md", "| function | in Keras and TensorFlow |\n|---|---|\n"
	var b strings.Builder
	b.WriteString(head)
	for _, name := range functionNames() {
		var params, spelled []string
		for _, p := range strings.Fields(lookup(name).params) {
			first, byDefault, optional := strings.Cut(p, "=")
			first, _, _ = strings.Cut(first, "|")
			if optional {
				first += "=" + byDefault
			}
			params = append(params, first)
		}
		for _, full := range spellings(name) {
			spelled = append(spelled, "`"+full+"`")
		}
		fmt.Fprintf(&b, "| `%s(%s)` | %s |\n", name, strings.Join(params, ", "), strings.Join(spelled, ", "))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), head)
	want := before + b.String()
	if os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("the table of functions is not that of the package: repeat this test with BEAMFIT_UPDATE_GOLDEN=1")
	}
}
