package flagvalue

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsers(t *testing.T) {
	// want is the value as %v prints it, or "error: " and the message.
	wrap := func(v any, err error) string {
		if err != nil {
			return "error: " + err.Error()
		}
		return fmt.Sprint(v)
	}
	int_ := func(s string) string { return wrap(Int(s)) }
	count := func(s string) string { return wrap(Count(s)) }
	positive := func(s string) string { return wrap(Positive(s)) }
	seed := func(s string) string { return wrap(Seed(s)) }
	bytes := func(s string) string { return wrap(Bytes(s)) }
	float := func(s string) string { return wrap(Float(s)) }
	boolean := func(s string) string { return wrap(Bool(s)) }
	ints := func(s string) string { return wrap(Ints(s)) }
	words := func(s string) string { return wrap(Words(s)) }
	choice := func(s string) string { return wrap(OneOf("direct", "prism")(s)) }
	for _, c := range []struct {
		name       string
		parse      func(string) string
		text, want string
	}{
		{"Int", int_, "-3", "-3"},
		{"Int", int_, "three", "error: expected a whole number"},
		{"Int", int_, "1.0", "error: expected a whole number"},
		{"Int", int_, "", "error: expected a whole number"},
		{"Int", int_, "99999999999999999999", "error: the number is out of range"},
		{"Count", count, "0", "0"},
		{"Count", count, "-1", "error: expected a whole number of 0 or more"},
		{"Positive", positive, "1", "1"},
		{"Positive", positive, "0", "error: expected a whole number of 1 or more"},
		{"Seed", seed, "18446744073709551615", "18446744073709551615"},
		{"Seed", seed, "-1", "error: expected a whole number from 0 to 18446744073709551615"},
		{"Bytes", bytes, "1.5GB", "1500000000"},
		{"Bytes", bytes, "2 GiB", "2147483648"},
		{"Bytes", bytes, "300", "300"},
		{"Bytes", bytes, "0", "error: expected a size such as 500MB, 8GB or 2GiB"},
		{"Bytes", bytes, "-1GB", "error: expected a size such as 500MB, 8GB or 2GiB"},
		{"Bytes", bytes, "90EB", "error: expected a size such as 500MB, 8GB or 2GiB"},
		{"Bytes", bytes, "much", "error: expected a size such as 500MB, 8GB or 2GiB"},
		{"Float", float, "0.8", "0.8"},
		{"Float", float, "1e-3", "0.001"},
		{"Float", float, "NaN", "error: expected a number"},
		{"Float", float, "1e999", "error: expected a number"},
		{"Float", float, "half", "error: expected a number"},
		{"Bool", boolean, "true", "true"},
		{"Bool", boolean, "yes", "error: expected true or false"},
		{"Words", words, "class, numeric", "[class numeric]"},
		{"Words", words, "class,,numeric", "error: expected words separated by commas"},
		{"Words", words, "", "error: expected words separated by commas"},
		{"Ints", ints, "5", "[5]"},
		{"Ints", ints, "5, 3", "[5 3]"},
		{"Ints", ints, "5,,3", "error: expected whole numbers separated by commas"},
		{"OneOf", choice, "prism", "prism"},
		{"OneOf", choice, "flink", "error: expected one of direct, prism"},
	} {
		if got := c.parse(c.text); got != c.want {
			t.Errorf("%s(%q): %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"a":              "[a]",
		"a,b, c":         "[a b c]",
		`"a,b",c`:        "[a,b c]",
		`NULL,"NULL",""`: "[<nil> NULL ]",
		"Iris-setosa,日本": "[Iris-setosa 日本]",
		`"a""`:           "error",
		"a,,b":           "error",
		"a,":             "error",
		"{a}":            "error",
		"a},{b":          "error",
	} {
		values, err := Values(text)
		got := "error"
		if err == nil {
			words := []string{}
			for _, v := range values {
				if v == nil {
					words = append(words, "<nil>")
				} else {
					words = append(words, *v)
				}
			}
			got = "[" + strings.Join(words, " ") + "]"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"a,b", `"a,b",NULL`, "{a}", `"`, `\`, "a},{b", "[0:1]=a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := Values(text)
		if err == nil && len(values) > strings.Count(text, ",")+1 {
			t.Errorf("%d values in %q", len(values), text)
		}
	})
}

func TestFlagsKeepTheirDestinationUntouchedOnError(t *testing.T) {
	n, list := 7, [][]int{{1}}
	var p *float64
	for _, err := range []error{Of(&n, Int).Set("x"), Optional(&p, Float).Set("x"), Each(&list, Ints).Set("x")} {
		if err == nil {
			t.Error("a value that cannot be parsed was taken")
		}
	}
	if n != 7 || p != nil || len(list) != 1 {
		t.Errorf("changed to %v, %v, %v", n, p, list)
	}
	for _, err := range []error{Of(&n, Int).Set("8"), Optional(&p, Float).Set("0"), Each(&list, Ints).Set("2,3")} {
		if err != nil {
			t.Error(err)
		}
	}
	if n != 8 || p == nil || *p != 0 {
		t.Errorf("got %v, %v", n, p)
	}
	if diff := cmp.Diff([][]int{{1}, {2, 3}}, list); diff != "" {
		t.Error(diff)
	}
}
