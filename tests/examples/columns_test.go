package examples

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A tabular example is in docs/examples/columns: NAME.sh takes NAME.csv to predictions.
type tabular struct {
	label    string // name of the label's column, or its number in a file without header
	importer string // options of import
	data     string // name of its table; "": its own
}

var tabulars = map[string]tabular{
	"titanic":    {label: "Survived"},
	"adult":      {label: "loan", importer: " --null ' ?'"},
	"adult_text": {label: "loan", data: "adult"},
	"churn":      {label: "churn", importer: " --null ' '"},
	"wine":       {label: "class"},
	"digits":     {label: "64", importer: " --header=false"},
	"shuttle":    {label: "anomaly"},
}

// TestColumns: each example is five commands from a CSV to predictions, without SQL, and its model predicts rows that it has not seen at
// least as well as scikit-learn's logistic regression, which accuracy.py learned from the same columns.
func TestColumns(t *testing.T) {
	var regression map[string]float64
	if err := json.Unmarshal([]byte(read(t, "columns/accuracy.json")), &regression); err != nil {
		t.Fatal(err)
	}
	for store, open := range map[string]func(*testing.T) string{
		"file":     func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "store") },
		"postgres": schema,
	} {
		for _, name := range slices.Sorted(maps.Keys(tabulars)) {
			t.Run(store+"/"+name, func(t *testing.T) {
				dir, db, example := t.TempDir(), open(t), tabulars[name]
				data := cmp.Or(example.data, name)
				script := read(t, "columns/"+name+".sh")
				if n := strings.Count(script, "\nbeamfit "); n != 5 {
					t.Errorf("%d commands", n)
				}
				writeFile(t, filepath.Join(dir, "example.sh"), script)
				writeFile(t, filepath.Join(dir, name+".json"), read(t, "columns/"+name+".json"))
				for _, file := range []string{data, data + "_new"} {
					writeFile(t, filepath.Join(dir, file+".csv"), gunzip(t, filepath.Join(folder, "columns/data", file+".csv.gz")))
				}
				must(t, dir, db, "sh example.sh")
				must(t, dir, db, "beamfit import "+data+"_new.csv new"+example.importer+"; beamfit predict "+name+"_model new predicted --type response")
				must(t, dir, db, "beamfit export predicted predicted.csv")
				want := labels(t, filepath.Join(dir, data+"_new.csv"), example.label)
				right := 0
				for _, row := range table(t, filepath.Join(dir, "predicted.csv"))[1:] {
					number, err := strconv.Atoi(row[0])
					if err != nil {
						t.Fatal(err)
					}
					if row[2] == want[number-1] {
						right++
					}
				}
				got := float64(right) / float64(len(want))
				t.Logf("accuracy %.4f, logistic regression %.4f", got, regression[data])
				if got < regression[data]-1e-6 || regression[data] == 0 {
					t.Errorf("accuracy %v of %d rows, logistic regression has %v", got, len(want), regression[data])
				}
			})
		}
	}
}

// labels are the values of a column of a CSV.
func labels(t *testing.T, path, column string) []string {
	t.Helper()
	rows := table(t, path)
	i, err := strconv.Atoi(column)
	if err != nil {
		if i = slices.Index(rows[0], column); i < 0 {
			t.Fatalf("%s has no column %s", path, column)
		}
		rows = rows[1:]
	}
	out := make([]string, len(rows))
	for k, row := range rows {
		out[k] = row[i]
	}
	return out
}

// table reads a CSV.
func table(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func gunzip(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
