package holdout

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/transforms/split"
)

// Whatever partitions are read, the ordinals of both kinds of rows are 0, 1, 2, ... in the order of the table.
func TestWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Choice{
			Rows: rapid.Int64Range(2, 300).Draw(t, "rows"), Share: rapid.Float64Range(0.01, 0.99).Draw(t, "share"), Seed: rapid.Uint64().Draw(t, "seed"),
		}
		firsts := append([]int64{0}, rapid.SliceOfDistinct(rapid.Int64Range(1, c.Rows-1), rapid.ID).Draw(t, "cuts")...)
		slices.Sort(firsts)
		m, err := c.Mark(context.Background(), firsts, rapid.IntRange(1, 4).Draw(t, "workers"))
		if err != nil {
			t.Fatal(err)
		}
		isHeld, next := c.Held(), map[bool]int64{}
		for i, first := range firsts {
			w, err := m.From(first)
			if err != nil {
				t.Fatal(err)
			}
			end := c.Rows
			if i+1 < len(firsts) {
				end = firsts[i+1]
			}
			for row := first; row < end; row++ {
				held, ordinal := w.Next()
				if held != isHeld(row) || ordinal != next[held] {
					t.Fatalf("row %d: held %v, ordinal %d, want %v, %d", row, held, ordinal, isHeld(row), next[held])
				}
				next[held]++
			}
		}
		training, held := c.Counts()
		if next[false] != training || next[true] != held {
			t.Fatalf("%d rows to train on and %d held, want %d and %d", next[false], next[true], training, held)
		}
		if _, want := (split.Proportions{Train: split.Rest(c.Share), Test: c.Share}).Count(c.Rows); held != want {
			t.Fatalf("%d rows held, split draws %d", held, want)
		}
	})
}

func TestUnmarked(t *testing.T) {
	m, err := Choice{Rows: 9, Share: 0.3}.Mark(t.Context(), []int64{0, 5}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.From(4); err == nil || !strings.Contains(err.Error(), "row 5 ") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Choice{Rows: 9, Share: 0.3}).Mark(ctx, []int64{0, 5}, 2); err == nil {
		t.Error("an ended context is no error")
	}
}
