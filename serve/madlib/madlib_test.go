package madlib

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// TestTable: every function is whole.
func TestTable(t *testing.T) {
	for _, f := range Functions() {
		if Find(f.Name) != f {
			t.Errorf("%s is not found", f.Name)
		}
		if f.Refused() {
			if f.page == "" {
				t.Errorf("%s is refused without saying what is missing", f.Name)
			}
			continue
		}
		if f.answer != nil {
			continue
		}
		if f.summary == "" || f.output == "" {
			t.Errorf("%s has no text", f.Name)
		}
		seen, last := map[string]bool{}, required
		for _, p := range f.Parameters {
			if seen[p.Name] || p.use == "" || implicit[p.typ] == nil {
				t.Errorf("%s: parameter %+v", f.Name, p)
			}
			if names := p.need == required && (strings.Contains(p.Name, "table") || p.Name == "model"); names != (p.table != "") {
				t.Errorf("%s: parameter %s names a table: %v", f.Name, p.Name, names)
			}
			if seen[p.Name] = true; p.need != optional && last == optional {
				t.Errorf("%s: parameter %s is required behind one that is not", f.Name, p.Name)
			}
			last = p.need
		}
		usage, err := f.Answer([]Argument{{Unknown: true}}, []Value{{Text: "usage", OID: 25}})
		if err != nil {
			t.Error(err)
		}
		for _, p := range f.Parameters {
			if !strings.Contains(usage, p.Name+" "+string(p.typ)) {
				t.Errorf("the usage of %s lacks %s:\n%s", f.Name, p.Name, usage)
			}
		}
	}
}

func TestTypes(t *testing.T) {
	known := map[string]uint32{
		"text": 25, "varchar": 1043, "int": 23, "smallint": 21, "bigint": 20, "float": 701, "numeric": 1700, "real": 700, "bool": 16, "json": 114, "jsonb": 3802,
		"int[]": 1007, "smallint[]": 1005, "bigint[]": 1016, "text[]": 1009, "varchar[]": 1015, "name[]": 1003, "char[]": 1014, `"char"[]`: 1002,
	}
	predict, split, byom := Find("madlib_keras_predict"), Find("train_test_split"), Find("madlib_keras_predict_byom")
	for _, c := range []struct {
		f     *Function
		types string // of the arguments; ? is unknown, a=? named
		ok    bool
	}{
		{split, "? ? numeric", true},
		{split, "text varchar int", true},
		{split, "? ? bigint ? ? ? bool bool", true},
		{split, "? ?", false},
		{split, "? ? bool", false},
		{split, "? int numeric", false},
		{split, "? ? numeric ? ? ? ? ? ?", false},
		{split, "? ? numeric separate_output_tables=bool", true},
		{split, "source_table=? train_proportion=float output_table=text", true},
		{split, "? ? numeric Separate=bool", false},
		{split, "? ? numeric output_table=?", false},
		{split, "source_table=? ? numeric", false},
		{predict, "? ? ? ? ? int", true},
		{predict, "? ? ? ? ? numeric", true},
		{predict, "? ? ? ? ? bool", false},
		{predict, "? ? ? ? ? bigint", false},
		{Find("load_keras_model"), "? json", true},
		{Find("load_keras_model"), "? jsonb", false},
		{Find("load_keras_model"), "? text", false},
		{Find("training_preprocessor_dl"), "? ? ? ? int numeric", true},
		{Find("training_preprocessor_dl"), "? ? ? ? int float", false},
		{Find("training_preprocessor_dl"), "? ? ? ? num_classes=int[]", true},
		{Find("training_preprocessor_dl"), "? ? ? ? num_classes=smallint[]", true},
		{Find("training_preprocessor_dl"), "? ? ? ? num_classes=bigint[]", false},
		{byom, "? int ? ? ? ? class_values=text[]", true},
		{byom, "? int ? ? ? ? class_values=varchar[]", true},
		{byom, "? int ? ? ? ? class_values=name[]", true},
		{byom, "? int ? ? ? ? class_values=char[]", true},
		{byom, "? int ? ? ? ? class_values=\"char\"[]", true},
		{byom, "? int ? ? ? ? class_values=int[]", false},
		{Find("delete_custom_function"), "? smallint", true},
		{Find("delete_custom_function"), "? varchar", true},
		{Find("delete_custom_function"), "? float", false},
	} {
		var args []Argument
		var types []uint32
		for _, w := range strings.Fields(c.types) {
			a := Argument{}
			if name, typ, named := strings.Cut(w, "="); named {
				a.Name, w = name, typ
			}
			a.Unknown = w == "?"
			args = append(args, a)
			if a.Unknown {
				w = "text"
			}
			types = append(types, known[w])
		}
		err := c.f.CheckTypes(args, types)
		var e *Error
		if c.ok != (err == nil) || err != nil && (!errors.As(err, &e) || e.Code != "42883" || !strings.Contains(e.Hint, "madlib."+c.f.Name+"(")) {
			t.Errorf("%s(%s): %v", c.f.Name, c.types, err)
		}
	}
}

func bound(t *testing.T, f *Function, row ...Value) *Call {
	t.Helper()
	args := make([]Argument, len(row))
	c, err := f.bind(args, row)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(s string) Value { return Value{Text: s, OID: 25} }

func TestPredictions(t *testing.T) {
	for _, c := range []struct {
		oid  uint32
		text string
		want string // "": an error
	}{
		{25, "prob", "prob"},
		{25, "response", "response"},
		{25, "PROB", ""},
		{25, "0.5", ""},
		{25, "", ""},
		{23, "2", "2"},
		{21, "1", "1"},
		{1700, "0.5", "0.5"},
		{1700, "1", "1.0"},
		{701, "1e-05", "0.00001"},
	} {
		call := &Call{values: map[string]Value{"pred_type": {Text: c.text, OID: c.oid}}}
		got, err := call.predictions()
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%d %q: %q, %v", c.oid, c.text, got, err)
		}
	}
}

func TestLists(t *testing.T) {
	s := func(v string) *string { return &v }
	for text, want := range map[string][][]*string{
		"{{a,b}}":          {{s("a"), s("b")}},
		"{{a,NULL},{b,c}}": {{s("a"), nil}, {s("b"), s("c")}},
		"{{NULL,a,NULL}}":  {{nil, s("a"), nil}},
		"{{NULL,NULL}}":    {{nil, nil}},
		`{{"NULL","a,b"}}`: {{s("NULL"), s("a,b")}},
		"{a,b}":            nil,
		"{}":               nil,
		"{{{a}}}":          nil,
		"{{a":              nil,
	} {
		call := &Call{values: map[string]Value{"class_values": {Text: text, OID: 1009}}}
		got, err := call.lists("class_values")
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
}

func TestBind(t *testing.T) {
	f := Find("delete_keras_model")
	if c := bound(t, f, text("a"), Value{Text: " 7 ", OID: 23}); c.integer("model_id") != 7 || c.text("keras_model_arch_table") != "a" {
		t.Errorf("%+v", c)
	}
	for want, row := range map[string][]Value{
		"22P02": {text("a"), text("seven")},
		"22004": {text("a"), {Null: true, OID: 23}},
	} {
		_, err := f.bind([]Argument{{}, {Unknown: true}}, row)
		var e *Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	load := Find("load_keras_model")
	for written, want := range map[string]string{`\x00ff`: "\x00\xff", `a\\\377`: "a\\\xff"} { // both of the server's forms
		if got := bound(t, load, text("a"), Value{Text: "{}", OID: 114}, Value{Text: written, OID: 17}).bytes("model_weights"); string(got) != want {
			t.Errorf("%s is %q", written, got)
		}
	}
}

func TestSettings(t *testing.T) {
	s, err := ReadSettings([]string{
		"3", "7", "class, numeric", "0.25", "held", "w", "arch", "4", "mixed_bfloat16", "tf32x3", "10",
		"auto", "50", "2", "nesterov", "0.875", "0.7", "reset", "pooled", "ema", "global",
	}, Settings{Shards: 1})
	seed, share, momentum, rate := uint64(7), 0.25, 0.875, 0.7
	want := Settings{
		Shards: 3, Seed: &seed, LabelTypes: []string{"class", "numeric"},
		ValidationShare: &share, ValidationOutput: "held", Weight: "w", ArchTable: "arch", ModelID: 4, Precision: "mixed_bfloat16", GPUMath: "tf32x3",
		Fit: pipelines.FitOptions{
			CheckpointEvery: 10, Sync: "auto", SyncEvery: 50, WarmUpPasses: 2, Outer: "nesterov", OuterMomentum: &momentum, OuterRate: &rate,
			InnerState: "reset", Moving: "pooled", AverageTail: "ema", Steps: "global",
		},
	}
	if diff := cmp.Diff(want, s); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if s, err := readOne("beamfit.sync_every", "pass"); err != nil || s.Fit.SyncEvery != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := ReadSettings(make([]string, len(SettingNames())), Settings{Shards: 4}); err != nil || s.Shards != 4 || s.Seed != nil {
		t.Errorf("%+v, %v", s, err)
	}
	wrong := []string{
		"0", "-1", "", "x", "", "", "", "0", "float16", "TF32", "0",
		"always", "passes", "-1", "adam", "x", "x", "forget", "none", "mean", "all",
	}
	for i, text := range wrong {
		if _, err := readOne(SettingNames()[i], text); (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), SettingNames()[i]) {
			t.Errorf("%s = %q: %v", SettingNames()[i], text, err)
		}
	}
}

func readOne(name, text string) (Settings, error) {
	values := make([]string, len(SettingNames()))
	values[slices.Index(SettingNames(), name)] = text
	return ReadSettings(values, Settings{})
}

func TestAsError(t *testing.T) {
	name := table.Name{Table: "t"}
	for want, err := range map[string]error{
		"42P01": fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: table.ErrNotExist}),
		"42P07": &table.TableError{Table: name, Err: table.ErrExist},
		"42501": table.ErrPermission,
		"53100": table.ErrFull,
		"08006": table.ErrUnavailable,
		"55006": fmt.Errorf("%w: by me", table.ErrClaimed),
		"40001": table.ErrChanged,
		"42703": &table.ColumnError{Table: name, Column: "c"},
		"22023": &pipelines.ArgumentError{Err: errors.New("x")},
		"55000": &table.TableError{Table: name, Err: errors.New("is odd")},
		"57014": fmt.Errorf("x: %w", context.Canceled),
		"P0001": errors.New("x"),
		"0A000": fmt.Errorf("x: %w", unsupported("", "no")),
	} {
		if got := AsError(err); got.Code != want || got.Message == "" {
			t.Errorf("%v is %+v, want %s", err, got, want)
		}
	}
}

// TestOthersWords: what the server and the operating system say stays as it is.
func TestOthersWords(t *testing.T) {
	server := &pgconn.PgError{Severity: "ERROR", Code: "P0001", Message: "run preprocess with --validation"}
	file := &fs.PathError{Op: "open", Path: "logs --functions/run preprocess", Err: fs.ErrNotExist}
	err := fmt.Errorf("--functions: %w", errors.Join(file, fmt.Errorf("--validation: %w", server)))
	want := "object_table: open logs --functions/run preprocess: file does not exist\nvalidation_table: ERROR: run preprocess with --validation (SQLSTATE P0001)"
	if got := AsError(err); got.Message != want {
		t.Errorf("got  %s\nwant %s", got.Message, want)
	}
}

func TestProgress(t *testing.T) {
	var said []string
	l := &lines{say: func(s string) { said = append(said, s) }}
	for i := range 100 {
		l.report(pipelines.Event{Job: "fit", Stage: "training", Unit: "rows", Done: int64(i), Total: 100})
		l.report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{Iteration: i + 1, Iterations: 100, Scored: i == 49, TrainingLoss: 0.5}})
	}
	l.report(pipelines.Event{Job: "fit", Note: "a note"})
	want := []string{"iteration 50 of 100: training 0.00 s, evaluation 0.00 s, training loss 0.5", "a note"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}
