package e2e

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// An engine is where the pipelines of commands run.
type engine struct {
	name  string
	flags []string
}

// localEngines are those that need nothing but the binary.
var localEngines = []engine{
	{"direct", nil},
	{"prism", []string{"--runner", "prism"}},
	{"prism, worker processes", []string{"--runner", "prism", "--environment-type", "PROCESS"}},
}

// flinkEngine is a cluster as an engine.
func flinkEngine(c *flinktest.Cluster, name string, more ...string) engine {
	return engine{name, append([]string{"--runner", "flink", "--endpoint", c.Endpoint, "--flink-rest", c.REST}, more...)}
}

// embeddedFlink is Flink in one process, where each job keeps its workers for two seconds. They know the password of the database.
func embeddedFlink(t *testing.T) (*flinktest.Cluster, engine) {
	t.Helper()
	env := []string{"RESTARTS=0"}
	if db, err := url.Parse(os.Getenv("BEAMFIT_TEST_PG")); err == nil {
		if password, ok := db.User.Password(); ok {
			env = append(env, "PGPASSWORD="+password)
		}
	}
	c := flinktest.Start(t, "embedded", env...)
	return c, flinkEngine(c, "Flink", "--parallelism", "1", "--beam-option", "environment_cache_millis=2000")
}

// A story is a sequence of commands; those that run pipelines get the flags of the engine.
var story = []struct {
	args   []string
	runs   bool     // pipelines
	tables []string // that the command makes
}{
	{[]string{"import", "../../cmd/beamfit/internal/iris/iris.csv", "rows", "--types", irisTypes}, false, nil},
	{[]string{"load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json"}, false, nil},
	{
		[]string{"split", "rows", "iris", "--train", "0.8", "--strata", "class_text", "--separate", "--seed", "2"},
		true,
		[]string{"iris_train", "iris_test"},
	},
	{
		[]string{"preprocess", "iris_train", "train", "--dependent", "class_text", "--independent", "attributes", "--shards", "3", "--buffer-size", "11", "--seed", "3"},
		true,
		[]string{"train", "train_summary"},
	},
	{
		[]string{"preprocess", "iris_test", "test", "--dependent", "class_text", "--independent", "attributes", "--like", "train", "--shards", "2"},
		true,
		[]string{"test", "test_summary"},
	},
	{
		[]string{
			"fit", "train", "model", "--arch", "arch", "--id", "1", "--compile", compile, "--fit", fitArgs, "--seed", "7",
			"--validation", "test", "--iterations", "4", "--metrics-every", "2", "--checkpoint-every", "3",
		},
		true,
		[]string{"model", "model_summary"},
	},
	{
		[]string{
			"fit", "train", "model", "--arch", "arch", "--id", "1", "--compile", compile, "--fit", fitArgs, "--seed", "8",
			"--iterations", "2", "--warm-start",
		},
		true,
		[]string{"model", "model_summary"},
	},
	{[]string{"evaluate", "model", "test", "evaluated"}, true, []string{"evaluated"}},
	{[]string{"load-function", "functions", "testdata/focal.py", "--name", "focal", "--description", "Focal loss"}, false, []string{"functions"}},
	{[]string{"load-top-k", "functions", "2"}, false, []string{"functions"}},
	{
		[]string{
			"fit", "train", "own", "--arch", "arch", "--id", "1", "--compile", "loss='focal(gamma=1.5)', optimizer='adam', metrics=['top_2_accuracy', 'focal']",
			"--functions", "functions", "--fit", fitArgs, "--validation", "test", "--iterations", "2",
		},
		true,
		[]string{"own", "own_summary"},
	},
	{[]string{"evaluate", "own", "test", "own_scores"}, true, []string{"own_scores"}},
	{[]string{"predict", "model", "iris_test", "predicted", "--id-column", "id", "--independent", "attributes"}, true, []string{"predicted"}},
	{[]string{"load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json", "--weights-from", "model"}, false, nil},
	{
		[]string{
			"predict-byom", "arch", "2", "iris_test", "byom", "--id-column", "id", "--independent", "attributes", "--type", "prob",
		},
		true,
		[]string{"byom"},
	},
	{[]string{"import", digitsFile, "digits", "--types", "id integer, pixels smallint[], digit integer"}, false, nil},
	{[]string{"load-model", "arch", digitsModel}, false, nil},
	{
		[]string{"preprocess", "digits", "pixels", "--dependent", "digit", "--independent", "pixels", "--shards", "2", "--normalize", "255"},
		true,
		nil,
	},
	{
		[]string{
			"fit", "pixels", "stopped", "--arch", "arch", "--id", "3", "--compile", compile, "--seed", "2", "--validation", "pixels", "--iterations", "30",
			"--metrics-every", "2", "--fit", "batch_size=40, callbacks=[keras.callbacks.EarlyStopping(patience=2, min_delta=0.3, restore_best_weights=True), " +
				"ReduceLROnPlateau('loss', factor=0.5, patience=2, min_delta=0.5)]",
		},
		true,
		[]string{"stopped", "stopped_summary"},
	},
	{[]string{"import", passengersFile, "passengers"}, false, nil},
	{
		[]string{
			"preprocess", "passengers", "columns", "--dependent", `"Survived"`, "--shards", "2", "--seed", "4", "--independent",
			`standardise(median("Age"), log1p("Fare")), minmax("SibSp"), onehot("Pclass"), "Sex", category("Embarked"), index(hash("Ticket", 9)), indicator("Cabin")`,
		},
		true,
		[]string{"columns", "columns_summary"},
	},
	{[]string{"preprocess", "passengers", "others", "--like", "columns"}, true, []string{"others"}},
	{[]string{"load-model", "arch", "../../docs/examples/columns/titanic.json"}, false, nil},
	{
		[]string{"fit", "columns", "survivors", "--arch", "arch", "--id", "4", "--compile", compile, "--iterations", "2", "--validation", "others"},
		true,
		[]string{"survivors", "survivors_summary"},
	},
	{[]string{"predict", "survivors", "passengers", "told"}, true, []string{"told"}},
}

// The files of the digits in the story, which digits writes.
const (
	digitsFile  = "digits.csv"
	digitsModel = "digits.json"
	// passengersFile is the table of docs/examples/columns, of columns with missing values.
	passengersFile = "passengers.csv"
)

// digits writes rows like those of MNIST, and a network for them, to a folder: ten pictures of 28x28 pixels, with noise.
func digits(t *testing.T, folder string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var pictures [10][784]int
	for d := range pictures {
		for i := range pictures[d] {
			pictures[d][i] = r.IntN(2) * 180
		}
	}
	var rows strings.Builder
	rows.WriteString("id,pixels,digit\n")
	for id := range 240 {
		pixels := make([]string, 784)
		for i, v := range pictures[id%10] {
			pixels[i] = strconv.Itoa((v + r.IntN(250)) / 2)
		}
		fmt.Fprintf(&rows, "%d,\"{%s}\",%d\n", id, strings.Join(pixels, ","), id%10)
	}
	const layers = `{"class_name": "Sequential", "config": {"name": "mlp", "layers": [
		{"class_name": "Dense", "config": {"name": "hidden", "units": 32, "activation": "relu", "batch_input_shape": [null, 784]}},
		{"class_name": "Dense", "config": {"name": "digit", "units": 10, "activation": "softmax"}}]}}`
	for name, text := range map[string]string{digitsFile: rows.String(), digitsModel: layers} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// passengers unpacks the table of passengers to a folder.
func passengers(t *testing.T, folder string) {
	t.Helper()
	f, err := os.Open("../../docs/examples/columns/data/titanic.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, passengersFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tell runs the story on an engine and returns what each command printed and the SHA-256 of each table it made.
func (u user) tell(e engine) []string {
	u.t.Helper()
	var lines []string
	folder := u.t.TempDir()
	digits(u.t, folder)
	passengers(u.t, folder)
	for _, s := range story {
		args := slices.Clone(s.args)
		for i, a := range args {
			if slices.Contains([]string{digitsFile, digitsModel, passengersFile}, a) {
				args[i] = filepath.Join(folder, a)
			}
		}
		if s.runs {
			args = append(args, e.flags...)
		}
		lines = append(lines, s.args[0]+": "+u.beamfit(args...))
		for _, name := range s.tables {
			lines = append(lines, name+": "+u.sum(name))
		}
	}
	return lines
}

// times are the columns of model summaries that differ from one run to the next.
var times = []string{"start_training_time", "end_training_time", "metrics_elapsed_time"}

// sum is a SHA-256 of a table's export without the columns that hold times, and without schemas. A table is a set of rows: their order does not count.
func (u user) sum(name string) string {
	u.t.Helper()
	file := filepath.Join(u.t.TempDir(), name+".csv")
	u.beamfit("export", name, file)
	data, err := os.ReadFile(file)
	if err != nil {
		u.t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		u.t.Fatal(err)
	}
	if len(rows) < 2 {
		u.t.Fatalf("table %s has no row", name)
	}
	for i, column := range rows[0] {
		for _, r := range rows {
			switch {
			case slices.Contains(times, column):
				r[i] = ""
			case column == "object_table": // without the schema, which differs from store to store
				r[i] = r[i][strings.LastIndex(r[i], ".")+1:]
			}
		}
	}
	header, body := rows[0], rows[1:]
	slices.SortFunc(body, slices.Compare[[]string])
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%q %q", header, body)))
}

// badRows are the commands that meet a row of table bad whose feature is NULL.
var badRows = [][]string{
	{"preprocess", "bad", "out", "--dependent", "class_text", "--independent", "attributes"},
	{"preprocess", "bad", "out", "--dependent", "class_text", "--independent", "attributes", "--like", "train"},
	{"predict", "model", "bad", "out", "--id-column", "id", "--independent", "attributes"},
	{"predict-byom", "arch", "2", "bad", "out", "--id-column", "id", "--independent", "attributes"},
}

var schema = regexp.MustCompile(`table e2e_\d+_\d+\.bad`)

// tellErrors returns the exit code and the error of each of badRows, after the story.
func (u user) tellErrors(e engine) []string {
	u.t.Helper()
	file := filepath.Join(u.t.TempDir(), "bad.csv")
	if err := os.WriteFile(file, []byte("1,\"{1,2,3,4}\",Iris-setosa\n2,,Iris-setosa\n"), 0o600); err != nil {
		u.t.Fatal(err)
	}
	u.beamfit("import", file, "bad", "--header=false", "--types", irisTypes)
	var lines []string
	for _, args := range badRows {
		_, err := u.try(append(append(slices.Clone(args), "--no-progress"), e.flags...)...)
		// PostgreSQL names the schema, too, which is another one for each user.
		lines = append(lines, fmt.Sprintf("%s: %v", args[0], schema.ReplaceAllString(fmt.Sprint(err), "table bad")))
		if _, err := u.try("show", "out"); err == nil || !strings.Contains(err.Error(), "does not exist") {
			u.t.Errorf("%v left a table: %v", args, err)
		}
	}
	return lines
}

// Every job leaves the same tables on every engine and store, bit for bit, and prints the same; so do errors.
func TestEngines(t *testing.T) {
	first := fileUser(t)
	want := first.tell(localEngines[0])
	if !slices.ContainsFunc(want, func(line string) bool { return strings.Contains(line, "stopped: stopped after iteration ") }) {
		t.Errorf("no fit was stopped: %q", want)
	}
	wantErrors := first.tellErrors(localEngines[0])
	for _, line := range wantErrors {
		for _, part := range []string{"exit status 1", "table bad", `column "attributes"`, "row 2", "NULL"} {
			if !strings.Contains(line, part) {
				t.Errorf("%q is not in %s", part, line)
			}
		}
	}
	compare := func(t *testing.T, u user, e engine) {
		if d := cmp.Diff(want, u.tell(e)); d != "" {
			t.Errorf("others than on the direct runner and in a folder:\n%s", d)
		}
		if d := cmp.Diff(wantErrors, u.tellErrors(e)); d != "" {
			t.Errorf("other errors than of the direct runner and a folder:\n%s", d)
		}
	}
	for name, user := range users(t) {
		for _, e := range localEngines {
			t.Run(e.name+"/"+name, func(t *testing.T) { compare(t, user(t), e) })
		}
	}
	t.Run("Flink", func(t *testing.T) {
		c, e := embeddedFlink(t)
		for name, user := range users(t) {
			t.Run(name, func(t *testing.T) { compare(t, user(t), e) })
		}
		t.Run("much", func(t *testing.T) { givesOnMuch(t, fileUser(t), e) })
		t.Run("interrupted", func(t *testing.T) {
			u := fileUser(t)
			u.irisPrepared("0")
			interrupted(t, u, c, e)
		})
		for name, user := range users(t) {
			t.Run("runs/"+name, func(t *testing.T) {
				u := user(t)
				u.irisPrepared("0")
				runsOnFlink(t, u, c, e)
			})
		}
	})
}
