package madlib

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestReword(t *testing.T) {
	for message, want := range map[string]string{
		"needs the object table that has it (--functions)":                         "needs the object table that has it (object_table)",
		"give one (--validation), or monitor=loss":                                 "give one (validation_table), or monitor=loss",
		"run preprocess with --arch arch --id 1":                                   "run training_preprocessor_dl with beamfit.arch_table arch beamfit.model_id 1",
		"run preprocess with --like and the training table":                        "run validation_preprocessor_dl with the training table",
		"table x is not packed: run preprocess first":                              "table x is not packed: run training_preprocessor_dl first",
		"preprocess --like TABLE packs it":                                         "validation_preprocessor_dl packs it",
		"as sync auto: --warm-up-passes 3, then":                                   "as sync auto: beamfit.warm_up_passes 3, then",
		"--workers says how many cores are used":                                   "--workers of beamfit serve says how many cores are used",
		"give --metrics-every":                                                     "give metrics_compute_frequency",
		`column "--validation", found "a \" --functions" in --functions`:           `column "--validation", found "a \" --functions" in object_table`,
		"file a/--validation: [--validation], --validation=x":                      "file a/--validation: [validation_table], validation_table=x",
		"--validations, x--validation, --header and table preprocess: as they are": "--validations, x--validation, --header and table preprocess: as they are",
	} {
		if got := reword(message); got != want {
			t.Errorf("%s\n got %s\nwant %s", message, got, want)
		}
	}
}

// elsewhere are folders whose messages no function's call can give.
var elsewhere = []string{
	"pipelines/modelfile", "pipelines/outcomes", "pipelines/picture", "pipelines/report", "pipelines/runs", "pipelines/internal/reporting", "pipelines/internal/runner",
	"model/plan/cuda/hosttest",
}

// asTheyAre are flags and commands in messages of calls that SQL has nothing for.
var asTheyAre = []string{
	"--kernels",                // of workers elsewhere
	"--compute-mode",           // of nvidia-smi
	"beamfit load-model takes", // a file, which no function takes
	"delete-model removes one", // where one is replaced, which no function does
}

// TestMessagesName: whatever messages of pipelines and what it uses say of flags and commands is said in the words of SQL.
func TestMessagesName(t *testing.T) {
	named := regexp.MustCompile(`\B--[a-z][a-z-]*|\b(run preprocess|preprocess --|beamfit split|load-model|load-function|load-top-k|delete-model|delete-function|predict-byom|(output of fit|fit takes)\b)`)
	checked := 0
	for _, root := range []string{"pipelines", "transforms", "model", "io/table", "io/pgio"} {
		err := filepath.WalkDir("../../"+root, func(path string, d fs.DirEntry, err error) error {
			below := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			switch {
			case err != nil:
				return err
			case d.IsDir() && (slices.Contains(elsewhere, below) || d.Name() == "testdata"):
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if _, is := n.(*ast.ImportSpec); is {
					return false
				}
				l, is := n.(*ast.BasicLit)
				if !is || l.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Errorf("%s: %s: %v", below, l.Value, err)
				}
				checked += len(named.FindAllString(text, -1))
				said := reword(text)
				for _, known := range asTheyAre {
					said = strings.ReplaceAll(said, known, "")
				}
				if left := named.FindString(strings.ReplaceAll(said, "--workers of beamfit serve", "")); left != "" && left != text {
					t.Errorf("%s: %q says %q to a client", below, text, left)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 20 {
		t.Errorf("%d names found", checked)
	}
}
