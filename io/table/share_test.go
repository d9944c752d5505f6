package table

import (
	"context"
	"testing"
)

// A store that two jobs share stays shared until both have ended.
func TestShareTwice(t *testing.T) {
	opening(t, "sharetest")
	ctx := context.Background()
	a, b := &closable{ref: "sharetest:x"}, &closable{ref: "sharetest:x"}
	first, second, other := Share(a), Share(a), Share(b)
	want := func(when string, s Store) {
		t.Helper()
		if got, err := Connect(ctx, "sharetest:x"); got != s || err != nil {
			t.Errorf("%s: got %v, %v", when, got, err)
		}
	}
	want("three times", b)
	other()
	want("without the last", a)
	first()
	first() // counts once
	want("without the first", a)
	second()
	if got, err := Connect(ctx, "sharetest:x"); got == a || got == b || err != nil {
		t.Errorf("nothing shared: got %v, %v", got, err)
	}
}
