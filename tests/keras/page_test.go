package keras

import (
	"os"
	"strings"
	"testing"
)

const page = "../../docs/keras.md"

// onPage holds a part of docs/keras.md, between the marks of its name, against what it should be. BEAMFIT_UPDATE_GOLDEN=1
// rewrites it.
func onPage(t *testing.T, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks of %s", page, name)
	}
	if old == want {
		return
	}
	if os.Getenv("BEAMFIT_UPDATE_GOLDEN") == "" {
		t.Fatalf("the part %s of %s is stale: run this test with BEAMFIT_UPDATE_GOLDEN=1", name, page)
	}
	if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
