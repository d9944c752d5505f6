package csvio

import (
	"errors"
	"strings"
	"testing"
)

// TestWide reads a header and a row of a million columns: with work that grows with the square of their number the test would
// run into its time limit.
func TestWide(t *testing.T) {
	const n = 1_000_000
	var text strings.Builder
	for range 2 {
		for i := range n {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString("ü")
			text.WriteString(strings.Repeat("x", i%2))
			text.WriteString(string(rune('0' + i%10)))
		}
		text.WriteByte('\n')
	}
	s := newScanner("f", strings.NewReader(text.String()), form{',', '\n'})
	for line := 1; line <= 2; line++ {
		fields, err := s.record()
		if err != nil || len(fields) != n {
			t.Fatalf("%d fields, %v", len(fields), err)
		}
		// Two fields have 2 and 3 characters, and as many commas.
		if l, c := s.place(fields[n-1]); l != line || c != (n/2-1)*7+4 {
			t.Errorf("the last field is at %d:%d", l, c)
		}
	}
	r := &Reader{opt: Options{NoHeader: true}}
	first := make([]field, n)
	schema, known, err := r.names(first)
	if err != nil || len(schema) != n || len(known) != n || schema[n-1].Name != "column1000000" {
		t.Errorf("%d columns, %v", len(schema), err)
	}
	if _, err := s.record(); err == nil || errors.As(err, new(*Error)) {
		t.Errorf("at the end: %v", err)
	}
}
