package bundle

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestShare(t *testing.T) {
	a, b := Begin(context.Background(), Options{}), Begin(context.Background(), Options{})
	Share(a.ID(), []int{1})
	Share(a.ID(), "text")
	if v, err := Shared[[]int](a.ID()); err != nil || len(v) != 1 {
		t.Errorf("got %v, %v", v, err)
	}
	if v, err := Shared[string](a.ID()); err != nil || v != "text" {
		t.Errorf("got %v, %v", v, err)
	}
	if _, err := Shared[string](b.ID()); err == nil || !strings.Contains(err.Error(), "shares no string") {
		t.Errorf("another run: error %v", err)
	}
	if _, err := Shared[string]("elsewhere-1"); err == nil || !strings.Contains(err.Error(), "in this process") {
		t.Errorf("another process: error %v", err)
	}
	for _, r := range []*Run{a, b} {
		_ = r.End()
		if _, err := Shared[string](r.ID()); !errors.Is(err, ErrEnded) {
			t.Errorf("after End: error %v", err)
		}
	}
}
