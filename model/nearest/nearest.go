// Package nearest says of a name that is not known which of the known names it may have been meant to be.
//
// # Vocabulary
//
// Two names are as near as few of their characters must be put in, left out, replaced, or swapped with their neighbours to make one
// of the other (the optimal string alignment distance), not counting case, blanks, hyphens and underscores. A name that
// begins or ends another one, as accuracy does binary_accuracy, is nearer than one that differs otherwise.
//
// # Guarantees
//
// An error stays short, however many names there are: up to six are listed in the order given, of more the three nearest.
// The result depends on its arguments only.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

const (
	mostListed = 6
	some       = 3
	// A beginning or end of fewer characters says little.
	leastPart = 3
	// A name of more characters is compared by its beginning: foreign names have any length.
	mostCompared = 64
)

// Known is what an error about name says of the known names: "known: a, b", or "the nearest of 34 known: a, b, c".
func Known(name string, known []string) string {
	if len(known) > mostListed {
		return fmt.Sprintf("the nearest of %d known: %s", len(known), strings.Join(Names(name, known), ", "))
	}
	return "known: " + strings.Join(known, ", ")
}

// Names are the three of the known names that are nearest to name, the nearest first; among equals the order given holds.
func Names(name string, known []string) []string {
	type candidate struct {
		name string
		far  int
	}
	want, all := letters(name), make([]candidate, len(known))
	for i, k := range known {
		all[i] = candidate{k, distance(want, letters(k))}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return a.far - b.far })
	out := make([]string, min(some, len(all)))
	for i := range out {
		out[i] = all[i].name
	}
	return out
}

// letters is what is compared of a name.
func letters(name string) []rune {
	out := make([]rune, 0, mostCompared)
	for _, r := range strings.ToLower(name) {
		if len(out) == mostCompared {
			break
		}
		if r != ' ' && r != '-' && r != '_' {
			out = append(out, r)
		}
	}
	return out
}

// distance is 0 for equal names and 1 where one of them begins or ends with the other, else the share of the longer one that
// has to be changed, in units of 1/1000.
func distance(a, b []rune) int {
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	within := slices.Equal(long[:len(short)], short) || slices.Equal(long[len(long)-len(short):], short)
	if within && len(short) >= leastPart && len(short) < len(long) {
		return 1
	}
	return 1000 * alignment(a, b) / max(1, len(long))
}

// alignment is the optimal string alignment distance.
func alignment(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
