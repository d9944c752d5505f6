package keras

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/optimizer"
)

// supported says of each kind of Keras object whether beamfit has one of that name, by asking the registries.
var supported = []struct {
	kind, title string
	has         func(name string) bool
}{
	{"layer", "Layers", in(keras.LayerClasses())},
	{"activation", "Activations", in(keras.Activations())},
	{"initializer", "Initializers", in(keras.InitializerClasses())},
	{"regularizer", "Regularizers", in(keras.RegularizerClasses())},
	{"constraint", "Constraints", in(keras.ConstraintClasses())},
	{"loss", "Losses", loss.Known},
	{"metric", "Metrics", metric.Known},
	{"optimizer", "Optimizers", optimizer.Known},
	{"schedule", "Learning rate schedules", in(optimizer.Schedules())},
}

func in(names []string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

// TestSupportPage holds the table of docs/keras.md against the registries. BEAMFIT_UPDATE_GOLDEN=1 rewrites it.
func TestSupportPage(t *testing.T) {
	text, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		kind, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			t.Fatalf("testdata/names.txt: line %q", line)
		}
		names[kind] = append(names[kind], name)
	}
	var table strings.Builder
	for _, s := range supported {
		var yes, no []string
		for _, name := range names[s.kind] {
			if s.has(name) {
				yes = append(yes, name)
			} else {
				no = append(no, name)
			}
		}
		if len(yes)+len(no) == 0 {
			t.Errorf("testdata/names.txt has no %s", s.kind)
		}
		fmt.Fprintf(&table, "| %s (%d of %d) | %s | %s |\n", s.title, len(yes), len(yes)+len(no), list(yes), list(no))
	}
	onPage(t, "support", "| kind | yes | refused by name |\n|---|---|---|\n"+table.String())
}

func list(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}
