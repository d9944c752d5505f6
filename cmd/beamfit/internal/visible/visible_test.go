package visible

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"plain\ttext\nof lines\n": "plain\ttext\nof lines\n",
		"日本 é e\u0301 שלום 👩\u200d🔬": "日本 é e\u0301 שלום 👩\u200d🔬",
		"\x1b[31mred\x1b]0;title\a":  `\x1b[31mred\x1b]0;title\x07`,
		"a\rb\x00\x7f":               `a\x0db\x00\x7f`,
		"\u009b31m\u0085":            `\u009b31m\u0085`,
		"\u202egnp.exe\u2066\u2069":  `\u202egnp.exe\u2066\u2069`,
		"\x9b31m \xff é":             `\x9b31m \xff é`,
		"\ufffd":                     "\ufffd",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff é\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", r) {
				t.Errorf("%q has %U", got, r)
			}
		}
		if again := Text(got); again != got {
			t.Errorf("%q became %q", got, again)
		}
		ordinary := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) < 0
		if ordinary && utf8.ValidString(text) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
