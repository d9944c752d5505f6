package features

import (
	"errors"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// passengers is a schema with a column of every form.
var passengers = table.Schema{
	{Name: "id", Type: table.Int64Type},
	{Name: "age", Type: table.Float64Type},
	{Name: "Fare per day", Type: table.NumericType},
	{Name: "sex", Type: table.TextType},
	{Name: "alive", Type: table.BoolType},
	{Name: "day", Type: table.ParseType("date")},
	{Name: "image", Type: table.Float32ArrayType},
	{Name: "more", Type: table.Int32ArrayType},
	{Name: "words", Type: table.TextArrayType},
	{Name: "f(x)", Type: table.Int16Type},
	{Name: "label", Type: table.TextType},
}

// list writes what a list means: one variable after the other.
func list(text string) (string, error) {
	l, err := ParseList(text)
	if err != nil {
		return "", err
	}
	inputs, err := l.Resolve(passengers, []string{"label"})
	if err != nil {
		return "", err
	}
	var out []string
	for _, in := range inputs {
		if in.Variable != nil {
			out = append(out, in.Variable.String())
		} else {
			out = append(out, in.Label+" = "+in.Array.Name)
		}
	}
	return strings.Join(out, "; "), nil
}

func TestList(t *testing.T) {
	for text, want := range map[string]string{
		// Arrays alone are as they ever were, labels as typed.
		"image":           "image = image",
		` Image , "more"`: `Image = image; "more" = more`,
		// Anything else is one array, in its order.
		"age":                            "[age] AS features",
		"sex, age":                       "[onehot(sex), age] AS features",
		`"Fare per day",image,day,alive`: `["Fare per day", image, day, alive] AS features`,
		"standardise(image)":             "[standardise(image)] AS features",
		`"f(x)"`:                         `["f(x)"] AS features`,
		// Functions are of each term, and nest.
		`STANDARDIZE(mean(age, "Fare per day"), id)`: `[standardise(mean(age)), standardise(mean("Fare per day")), standardise(id)] AS features`,
		"minmax(log1p(median(age, limit=7)))":        "[minmax(log1p(median(age, limit=7)))] AS features",
		"zero(standardise(age)), indicator(age)":     "[zero(standardise(age)), indicator(age)] AS features",
		"hash(sex, 8), index(hash(category(id),9))":  "[onehot(hash(sex, 8)), index(hash(category(id), 9))] AS features",
		"category(id), onehot(alive)":                "[onehot(category(id)), onehot(alive)] AS features",
		"index( sex , unknown = ignore,limit=5 )":    "[index(sex, unknown=ignore, limit=5)] AS features",
		"onehot(sex, unknown=error)":                 "[onehot(sex)] AS features",
		// Brackets make several arrays.
		"[age] AS a, [index(sex)], [id, day], image": "[age] AS a; [index(sex)] AS features; [id, day] AS features_2; image = image",
		`[age]as"B c"`:  "", // AS needs a blank behind it
		`[age]as "B c"`: `[age] AS "B c"`,
		"[image, more]": "[image, more] AS features",
		// Stars are all columns but the labels.
		"* except (image, more, words, \"f(x)\")":                                     `[id, age, "Fare per day", onehot(sex), alive, day] AS features`,
		"standardise(*EXCEPT(image))":                                                 "",
		`[minmax(* EXCEPT (sex, words, "Fare per day", image, more, alive, "f(x)"))]`: "[minmax(id), minmax(age), minmax(day)] AS features",
	} {
		got, err := list(text)
		if want == "" {
			if err == nil {
				t.Errorf("%s: got %s, want an error", text, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "a part is empty",
		"age,":                          "a part is empty",
		"[]":                            "a part is empty",
		`"age`:                          "a double quote is not closed",
		"mean(age":                      "ends before a bracket or parenthesis is closed",
		"[age":                          "ends before a bracket or parenthesis is closed",
		"age)":                          `')' is not expected at character 4`,
		"[age] name":                    "found name behind a bracket; expected AS and a name",
		"[age] AS":                      "a part is empty",
		"[age] AS a, [id] AS a":         `column "a" is named twice; an array is given another name by [...] AS name`,
		"image, image":                  `column "image" is named twice`,
		"power(age)":                    `unknown function "power"; the nearest of 11 known: `,
		"f(x)":                          "a column with parentheses in its name is written in double quotes",
		"mean()":                        "a part is empty",
		"mean(limit=3)":                 "mean has no option limit",
		"hash(sex)":                     "hash needs a number of buckets between 1 and 1000000: hash(ticket, 64)",
		"hash(sex, 0)":                  `the buckets of hash must be a whole number of at least 1, found "0"`,
		"hash(sex, 8, 9)":               "hash takes no number 9 there",
		"mean(age, 8)":                  "mean takes no number 8 there",
		"median(age, limit=x)":          `the limit of median must be a whole number of at least 1, found "x"`,
		"median(age, limit=99999999)":   "the limit of median must be between 1 and 10000000, found 99999999",
		"index(sex, unknown=drop)":      `unknown of index must be error or ignore, found "drop"`,
		"hash(sex, 8, unknown=error)":   "hash has no option unknown",
		"agee":                          `column "agee" does not exist`,
		`"Sex"`:                         `column "Sex" does not exist; column sex does, without capitals`,
		"sex, label":                    `column "label" is a label or a weight`,
		"* EXCEPT (nothing)":            `column "nothing" does not exist`,
		"[age], sex":                    "sex stands beside brackets and is no column of arrays of numbers: put it into brackets",
		"age, words":                    `column "words" has type text[]; arrays must be of numbers`,
		"standardise(sex)":              "standardise of sex: takes numbers, these are categories (type text)",
		"mean(median(age))":             "mean of median(age): missing values are filled already",
		"minmax(standardise(age))":      "minmax of standardise(age): is done already",
		"log1p(log1p(age))":             "log1p of log1p(age): is done already",
		"log1p(minmax(age))":            "log1p of minmax(age): comes before standardise and minmax, not behind",
		"indicator(mean(age))":          "indicator of mean(age): takes the column itself",
		"mean(indicator(age))":          "mean of indicator(age): nothing can follow indicator",
		"index(onehot(sex))":            "index of onehot(sex): nothing can follow onehot",
		"onehot(mean(age))":             "a filled value is no category",
		"category(mean(age))":           "category of mean(age): takes the column itself",
		"category(hash(sex, 3))":        "category of hash(sex, 3): takes the column itself",
		"hash(log1p(age), 3)":           "hash of log1p(age): takes the column itself, or category of it",
		"onehot(hash(sex, 3), limit=4)": "buckets have neither a limit nor unknown values",
		"onehot(image)":                 "onehot of image: takes a scalar, this is an array",
		"hash(image, 3)":                "hash of image: takes a scalar, this is an array",
		"mean(category(age))":           "these are categories",
		strings.Repeat("mean(", 99) + "age" + strings.Repeat(")", 99): "functions are nested too deep",
	} {
		got, err := list(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	_, err := list("agee")
	var missing *table.ColumnError
	if !errors.As(err, &missing) || !errors.Is(err, table.ErrNotExist) {
		t.Errorf("%v is no ColumnError", err)
	}
}

// FuzzParseList: no text makes the parser fail but by an error, and what a list means is what its own text means.
func FuzzParseList(f *testing.F) {
	for _, text := range []string{
		"age, sex", `[standardise(mean(age)), index(sex, unknown=ignore)] AS "A", image`, `* EXCEPT ("f(x)", image, more, words)`,
		`hash(category(id), 7), "Fare per day"`, `mean(`, `[[`, `a"b`, `)=`, "median(age,limit=3,limit=4)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseList(text)
		if err != nil {
			return
		}
		inputs, err := l.Resolve(passengers, []string{"label"})
		if err != nil {
			return
		}
		for _, in := range inputs {
			if in.Variable == nil || len(in.Variable.Columns) > shown {
				continue
			}
			want := in.Variable.String()
			got, err := list(want)
			if err != nil || got != want {
				t.Errorf("%s: %s became %s, %v", text, want, got, err)
			}
		}
	})
}
