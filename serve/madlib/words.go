package madlib

import (
	"fmt"
	"regexp"
	"strings"
)

// Messages of pipelines are written for who gives commands: they name flags and commands. phrases are those that name a command, in the words
// of SQL; a flag by itself is a setting or a parameter, as the tables of settings and functions say. Of two phrases that begin alike the longer comes first.
var phrases = [][2]string{
	{"run preprocess with --like and the training table", "run validation_preprocessor_dl with the training table"},
	{"preprocess --like TABLE", "validation_preprocessor_dl"},
	{"preprocess --like", "validation_preprocessor_dl"},
	{"preprocess --weight COLUMN", "training_preprocessor_dl with beamfit.weight = 'COLUMN'"},
	{"preprocess --arch has packed", "training_preprocessor_dl with beamfit.arch_table has packed"},
	{"run preprocess", "run training_preprocessor_dl"},
	{"(beamfit split)", "(train_test_split)"},
	{"with load-function", "with load_custom_function"},
	{"delete-function removes", "delete_custom_function removes"},
	{"the output of fit", "the output of madlib_keras_fit"},
	{"fit takes a table", "madlib_keras_fit takes a table"},
}

// inSQL has what stands for phrases and flags.
var inSQL = map[string]string{}

// worded finds phrases and flags, and what stands in double quotes, which is the user's.
var worded *regexp.Regexp

func init() {
	for _, f := range functions {
		for _, p := range f.Parameters {
			if strings.HasPrefix(p.Command, "--") {
				inSQL[p.Command] = p.Name
			}
		}
	}
	for _, s := range settings { // --arch and --id are what preprocess has where a message names them
		inSQL[s.flag] = s.name
	}
	inSQL["--workers"] = "--workers of beamfit serve"
	list := []string{`"(?:[^"\\]|\\.)*"`}
	for _, p := range phrases {
		inSQL[p[0]] = p[1]
		list = append(list, regexp.QuoteMeta(p[0]))
	}
	worded = regexp.MustCompile(strings.Join(append(list, `(?:^|[\s(\[{])--[a-z][a-z-]*`), "|"))
}

// reword gives a message of pipelines in the words of SQL. What is quoted in it stays as it is.
func reword(message string, quoted ...string) string {
	var back []string
	for i, text := range quoted {
		if text != "" {
			place := fmt.Sprintf("\x00%d\x00", i) // which is in no message
			message = strings.ReplaceAll(message, text, place)
			back = append(back, place, text)
		}
	}
	message = worded.ReplaceAllStringFunc(message, func(found string) string {
		if text, is := inSQL[found]; is {
			return text
		}
		at := strings.Index(found, "--")
		if text, is := inSQL[found[max(at, 0):]]; is {
			return found[:at] + text
		}
		return found
	})
	return strings.NewReplacer(back...).Replace(message)
}
