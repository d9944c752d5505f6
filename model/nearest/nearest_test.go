package nearest

import (
	"slices"
	"strings"
	"testing"
)

var metrics = []string{
	"accuracy", "auc", "binary_accuracy", "categorical_accuracy", "categorical_crossentropy", "cosine_similarity", "mean_absolute_error",
	"mean_squared_error", "precision", "recall", "top_k_categorical_accuracy",
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"acuracy":                 "accuracy",
		"acc":                     "accuracy",
		"error":                   "mean_absolute_error",
		"Binary-Accuracy":         "binary_accuracy",
		"CategoricalCrossentropy": "categorical_crossentropy",
		"preciison":               "precision",
		"mean_square_error":       "mean_squared_error",
		"similarity":              "cosine_similarity",
	} {
		if got := Names(name, metrics); len(got) != 3 || got[0] != want {
			t.Errorf("%s: %v, want %s first", name, got, want)
		}
	}
	if got := Names("", metrics); len(got) != 3 {
		t.Errorf("of an empty name: %v", got)
	}
	if got := Names("x", []string{"b", "a"}); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("equals have changed their order: %v", got)
	}
	if got := Names(strings.Repeat("ü", 1<<20), []string{strings.Repeat("x", 1<<20), "y"}); len(got) != 2 {
		t.Errorf("long names: %d", len(got))
	}
}

func TestKnown(t *testing.T) {
	for _, c := range []struct {
		known []string
		want  string
	}{
		{[]string{"b", "a"}, "known: b, a"},
		{metrics[:6], "known: " + strings.Join(metrics[:6], ", ")},
		{metrics, "the nearest of 11 known: recall, precision, accuracy"},
	} {
		if got := Known("recal", c.known); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestAlignment(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"über", "uber", 1}} {
		if got := alignment([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
