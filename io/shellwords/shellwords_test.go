package shellwords

import (
	"os/exec"
	"strings"
	"testing"
)

// TestShell reads the words back with a real shell.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	words := []string{
		"plain", "a b", "", "it's", `say "hi"`, "$HOME", "`ls`", `back\slash`, "!", "line\nbreak", "a,b", "日本", "*", "~", "#x", "a=b", `'"$`,
		"loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']",
	}
	out, err := exec.Command(sh, "-c", `printf '%s\0' `+Join(words)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if strings.Join(got, "|") != strings.Join(words, "|") {
		t.Errorf("got %q, want %q", got, words)
	}
}

func TestJoin(t *testing.T) {
	for want, args := range map[string][]string{
		`beamfit show "a b"`: {"beamfit", "show", "a b"}, `x "" '$HOME' 'say "no"'`: {"x", "", "$HOME", `say "no"`},
		`"--compile=loss='mse'" 'it'\''s $1'`: {"--compile=loss='mse'", "it's $1"},
	} {
		if got := Join(args); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}
