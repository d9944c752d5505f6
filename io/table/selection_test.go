package table

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSelection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Partition{FirstRow: rapid.Int64Range(0, 100).Draw(t, "first"), Rows: rapid.Int64Range(0, 70).Draw(t, "rows")}
		wanted := rapid.SliceOfN(rapid.Bool(), int(p.Rows), int(p.Rows)).Draw(t, "wanted")
		s, err := Select(context.Background(), p, func(row int64) bool { return wanted[row-p.FirstRow] })
		if err != nil {
			t.Fatal(err)
		}
		var want, got []int64
		for i, w := range wanted {
			if w {
				want = append(want, p.FirstRow+int64(i))
			}
		}
		for row := s.Next(0); row >= 0; row = s.Next(row + 1) {
			got = append(got, row)
		}
		if !slices.Equal(got, want) || s.Len() != int64(len(want)) {
			t.Fatalf("%d rows %v, want %v", s.Len(), got, want)
		}
		opt := ReadOptions{Only: s}
		for n, row := range want {
			if got := opt.Number(p, int64(n)); got != row {
				t.Fatalf("row %d is number %d, want %d", n, got, row)
			}
		}
		from, n := p.FirstRow+rapid.Int64Range(0, p.Rows).Draw(t, "from"), rapid.IntRange(0, 80).Draw(t, "n")
		among := 0
		for _, row := range want {
			if row >= from && row < from+int64(n) {
				among++
			}
		}
		if got := s.Among(from, n); got != among {
			t.Fatalf("%d rows among %d from %d on, want %d", got, n, from, among)
		}
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Select(ended, Partition{Rows: 1}, func(int64) bool { return true }); err == nil {
		t.Error("an ended context is no error")
	}
}
