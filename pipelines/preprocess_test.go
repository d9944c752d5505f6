package pipelines

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/scratch"
)

func ptr[T any](x T) *T { return &x }

// flowers is a table of n rows: x has four numbers, y one of three classes, z is one-hot over two.
func flowers(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "x", Type: table.Float64ArrayType},
		{Name: "y", Type: table.VarcharType},
		{Name: "z", Type: table.Int32ArrayType},
	}
	var rows [][]any
	for i := range n {
		f := float64(i)
		z := []int{1, 0}
		if i%2 == 1 {
			z = []int{0, 1}
		}
		rows = append(rows, []any{i, []float64{f, f + 0.1, -f, 1 / (f + 1)}, []string{"setosa", "virginica", "versicolor"}[i%3], z})
	}
	writeTable(t, store, name, schema, rows...)
}

// A packedRow is a buffer as read back.
type packedRow struct {
	key, id int
	shapes  string // of all variables, as text
	inputs  [][]float32
	labels  [][]int16
}

// readPacked reads a packed table of the named variables.
func readPacked(t testing.TB, store table.Store, name string, inputs, labels []string) []packedRow {
	t.Helper()
	b := readTable(t, store, name)
	out := make([]packedRow, b.Rows)
	for i := range out {
		r := &out[i]
		r.key, r.id = int(b.Col("__dist_key__").Int32s[i]), int(b.Col("buffer_id").Int32s[i])
		for _, c := range inputs {
			data := b.Col(c).Bytes[i]
			x := make([]float32, len(data)/4)
			if _, err := binary.Decode(data, binary.LittleEndian, x); err != nil {
				t.Fatal(err)
			}
			r.inputs = append(r.inputs, x)
		}
		for _, c := range labels {
			data := b.Col(c).Bytes[i]
			y := make([]int16, len(data)/2)
			if _, err := binary.Decode(data, binary.LittleEndian, y); err != nil {
				t.Fatal(err)
			}
			r.labels = append(r.labels, y)
		}
		for _, c := range slices.Concat(inputs, labels) {
			r.shapes += table.FormatArray(b.Col(c+"_shape"), i)
		}
	}
	return out
}

// summaryOf shows the one row of a summary table: column, type, value.
func summaryOf(t testing.TB, store table.Store, name string) string {
	t.Helper()
	b := readTable(t, store, name)
	if b.Rows != 1 {
		t.Fatalf("%d rows in %s", b.Rows, name)
	}
	var out strings.Builder
	for i, c := range b.Schema {
		text, null := table.FormatValue(&b.Cols[i], 0)
		if null {
			text = "NULL"
		}
		fmt.Fprintf(&out, "%s %s: %s\n", c.Name, c.Type, text)
	}
	return out.String()
}

// onRunnersAndStores runs a test with every runner on an empty store of each kind.
func onRunnersAndStores(t *testing.T, test func(t *testing.T, env Env)) {
	onStores(t, func(t *testing.T, store table.Store) {
		onRunners(t, func(t *testing.T, env Env) {
			env.Store = store
			test(t, env)
		})
	})
}

func TestPreprocess(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		t.Setenv(scratch.EnvDir, t.TempDir())
		defer dropTables(t, env.Store)
		flowers(t, env.Store, "flowers", 120)
		var events []Event
		env.Progress = func(e Event) { events = append(events, e) }
		got, err := Preprocess(t.Context(), env, PreprocessOptions{
			Source: "Flowers", Output: "packed", Dependent: "y", Independent: " X ", Shards: 3, Seed: 7,
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := (PreprocessResult{Rows: 120, Buffers: 3, BufferSize: 40}); !reflect.DeepEqual(got, want) {
			t.Errorf("result %+v, want %+v", got, want)
		}
		if want := (Event{Job: "preprocess", Stage: "packing", Unit: "buffers", Done: 3, Total: 3}); len(events) == 0 || events[len(events)-1] != want {
			t.Errorf("events %v", events)
		}
		var columns []string
		for _, c := range readTable(t, env.Store, "packed").Schema {
			columns = append(columns, c.Name+" "+c.Type.String())
		}
		if got, want := strings.Join(columns, ", "), "__dist_key__ integer, x bytea, y bytea, x_shape integer[], y_shape integer[], buffer_id integer"; got != want {
			t.Errorf("columns %s, want %s", got, want)
		}
		if got, want := summaryOf(t, env.Store, "packed_summary"), `source_table text: Flowers
output_table text: packed
dependent_varname text[]: {y}
independent_varname text[]: {X}
dependent_vartype text[]: {"character varying"}
y_class_values character varying[]: {setosa,versicolor,virginica}
buffer_size integer: 40
normalizing_const real: 1
num_classes integer[]: {3}
distribution_rules text: all_segments
__internal_gpu_config__ text: all_segments
packed_format integer: 2
`; got != want {
			t.Errorf("summary:\n%swant:\n%s", got, want)
		}
		var order []int
		for i, r := range readPacked(t, env.Store, "packed", []string{"x"}, []string{"y"}) {
			if r.id != i || r.key != i%3 || r.shapes != "{40,4}{40,3}" {
				t.Errorf("buffer %d: %+v", i, r)
			}
			for k := range 40 {
				row := int(r.inputs[0][4*k])
				f := float64(row)
				want := []float32{float32(f), float32(f + 0.1), float32(-f), float32(1 / (f + 1))}
				if !slices.Equal(r.inputs[0][4*k:4*k+4], want) {
					t.Errorf("row %d is packed as %v, want %v", row, r.inputs[0][4*k:4*k+4], want)
				}
				label := []int16{0, 0, 0}
				label[[]int{0, 2, 1}[row%3]] = 1
				if !slices.Equal(r.labels[0][3*k:3*k+3], label) {
					t.Errorf("row %d has label %v, want %v", row, r.labels[0][3*k:3*k+3], label)
				}
				order = append(order, row)
			}
		}
		if slices.IsSorted(order) {
			t.Error("rows are not shuffled")
		}
		slices.Sort(order)
		if order[0] != 0 || order[119] != 119 || len(slices.Compact(order)) != 120 {
			t.Errorf("not every row is there once: %v", order)
		}
		if left, err := os.ReadDir(os.Getenv(scratch.EnvDir)); err != nil || len(left) != 0 {
			t.Errorf("left in the scratch folder: %v, %v", left, err)
		}
	})
}

// The same rows, seed and shards give the same bytes on every store and runner, with any number of workers.
func TestPreprocessSameBytes(t *testing.T) {
	var want []byte
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		for _, workers := range []int{1, 3} {
			env.Workers = workers
			name := fmt.Sprintf("packed_%s_%d", env.Runner, workers)
			if !slices.Contains(tablesOf(t, env.Store), "flowers") {
				flowers(t, env.Store, "flowers", 997)
			}
			_, err := Preprocess(t.Context(), env, PreprocessOptions{
				Source: "flowers", Output: name, Dependent: "y, z", Independent: "x", Shards: 2, BufferSize: ptr(50), Normalize: ptr(3.0), Seed: 11,
			})
			if err != nil {
				t.Fatal(err)
			}
			var all bytes.Buffer
			b := readTable(t, env.Store, name)
			for i := range b.Rows {
				for c := range b.Cols {
					text, _ := table.FormatValue(&b.Cols[c], i)
					all.WriteString(text + "|")
				}
			}
			if want == nil {
				want = all.Bytes()
			}
			if !bytes.Equal(all.Bytes(), want) {
				t.Errorf("%s with %d workers: other bytes than before", env.Runner, workers)
			}
		}
	})
}

// Another seed moves other rows.
func TestPreprocessSeed(t *testing.T) {
	env := Env{Store: fileStore(t)}
	flowers(t, env.Store, "flowers", 50)
	var first []float32
	for seed := range uint64(2) {
		name := fmt.Sprint("packed", seed)
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "flowers", Output: name, Dependent: "y", Independent: "x", Seed: seed}); err != nil {
			t.Fatal(err)
		}
		x := readPacked(t, env.Store, name, []string{"x"}, nil)[0].inputs[0]
		if seed > 0 && slices.Equal(x, first) {
			t.Error("seeds 0 and 1 give the same order")
		}
		first = x
	}
}

// Several variables, arrays as labels, padding, images, NULL as a class.
func TestPreprocessVariables(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		schema := table.Schema{
			{Name: "image", Type: table.Int16Type.ArrayOf()},
			{Name: "More Data", Type: table.NumericType.ArrayOf()},
			{Name: "label", Type: table.TextType},
			{Name: "hot", Type: table.Float64ArrayType},
		}
		image := func(a, b int16) table.Array {
			return table.Array{Elems: []any{a, b, a, b, a, b}, Shape: []int{3, 1, 2}}
		}
		writeTable(t, store, `"Odd ""Name"""`, schema,
			[]any{image(1, 2), []string{"0.5"}, "b", []float64{0, 2, 2}},
			[]any{image(3, 4), []string{"-2"}, nil, []float64{0, -2, 0}},
			[]any{image(5, 6), []string{"1e3"}, "a", []float64{1, 0, 0}},
		)
		env := Env{Store: store}
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{
			Source: `"Odd ""Name"""`, Output: `"Packed!"`, Dependent: "label , hot", Independent: `image,"More Data"`, NumClasses: []int{5, 4}, Normalize: ptr(0.25),
		}); err != nil {
			t.Fatal(err)
		}
		if got, want := summaryOf(t, store, `"Packed!_summary"`), `source_table text: "Odd ""Name"""
output_table text: "Packed!"
dependent_varname text[]: {label,hot}
independent_varname text[]: {image,"\"More Data\""}
dependent_vartype text[]: {text,"double precision[]"}
label_class_values text[]: {NULL,a,b,NULL,NULL}
buffer_size integer: 3
normalizing_const real: 0.25
num_classes integer[]: {5,4}
distribution_rules text: all_segments
__internal_gpu_config__ text: all_segments
packed_format integer: 2
`; got != want {
			t.Errorf("summary:\n%swant:\n%s", got, want)
		}
		r := readPacked(t, store, `"Packed!"`, []string{"image", "More Data"}, []string{"label", "hot"})[0]
		if r.shapes != "{3,3,1,2}{3,1}{3,5}{3,4}" {
			t.Errorf("shapes %s", r.shapes)
		}
		for k := range 3 {
			var want string
			switch r.inputs[1][k] {
			case 2:
				want = "[4 8 4 8 4 8] [0 0 1 0 0] [0 2 2 0]"
			case -8:
				want = "[12 16 12 16 12 16] [1 0 0 0 0] [0 -2 0 0]"
			case 4000:
				want = "[20 24 20 24 20 24] [0 1 0 0 0] [1 0 0 0]"
			}
			if got := fmt.Sprint(r.inputs[0][6*k:6*k+6], r.labels[0][5*k:5*k+5], r.labels[1][4*k:4*k+4]); got != want {
				t.Errorf("row with %v: %s, want %s", r.inputs[1][k], got, want)
			}
		}
	})
}

// Labels of every scalar type: their classes, in order.
func TestPreprocessLabelTypes(t *testing.T) {
	timestamptz := table.ParseType("timestamp with time zone")
	cases := []struct {
		sql    string
		values []any // the last is there twice
		want   string
	}{
		{"boolean", []any{true, nil, false}, "boolean[]: {NULL,f,t}"},
		{"smallint", []any{int16(10), int16(-3), int16(9)}, "smallint[]: {-3,9,10}"},
		{"bigint", []any{int64(math.MaxInt64), int64(math.MinInt64), int64(0)}, "bigint[]: {-9223372036854775808,0,9223372036854775807}"},
		{"real", []any{float32(0.1), float32(-1e20), float32(math.Inf(1)), float32(math.NaN())}, "real[]: {-1e+20,0.1,Infinity,NaN}"},
		{"double precision", []any{math.Copysign(0, -1), 1e300, 0.0}, "double precision[]: {0,1e+300}"},
		{"numeric", []any{"1.50", "1.5", "-12345678901234567890.5", "NaN"}, "numeric[]: {-12345678901234567890.5,1.5,NaN}"},
		{"text", []any{"b", "B", "New", "New York", "it's", `a\b`, "ä", ""}, `text[]: {"",B,"New York",New,b,it's,ä,"a\\b"}`},
		{"character(3)", []any{"ab ", "a  ", "abc"}, "text[]: {a,ab,abc}"},
		{"bytea", []any{[]byte{0xff}, []byte{}, []byte{0, 1}}, `bytea[]: {"\\x","\\x0001","\\xff"}`},
		{"date", []any{"2024-02-29", "1999-12-31"}, "date[]: {1999-12-31,2024-02-29}"},
		{timestamptz.SQL, []any{"2024-02-29 12:00:00+00", "1999-12-31 00:00:00+00"}, `timestamp with time zone[]: {"1999-12-31 00:00:00+00","2024-02-29 12:00:00+00"}`},
		{"uuid", []any{"b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "uuid[]: {a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
		{"jsonb", []any{`{"a": 1}`, `"x"`}, `jsonb[]: {"\"x\"","{\"a\": 1}"}`},
		{"json", []any{`{"a": 1}`, `"x"`}, `json[]: {"\"x\"","{\"a\": 1}"}`},
		{`"char"`, []any{"b", "a"}, `"char"[]: {a,b}`},
		{"name", []any{"b", "a"}, `name[]: {a,b}`},
	}
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		for i, c := range cases {
			t.Run(c.sql, func(t *testing.T) {
				name := func(s string) string { return fmt.Sprint(s, i) }
				var rows [][]any
				for _, v := range append(slices.Clone(c.values), c.values[len(c.values)-1]) {
					rows = append(rows, []any{v, []float32{1}})
				}
				schema := table.Schema{{Name: "v", Type: table.ParseType(c.sql)}, {Name: "x", Type: table.Float32ArrayType}}
				writeTable(t, store, name("t"), schema, rows...)
				opt := PreprocessOptions{Source: name("t"), Output: name("p"), Dependent: "v", Independent: "x"}
				if _, err := Preprocess(t.Context(), env, opt); err != nil {
					t.Fatal(err)
				}
				if got := summaryOf(t, store, name("p")+"_summary"); !strings.Contains(got, "v_class_values "+c.want+"\n") {
					t.Errorf("want %s in\n%s", c.want, got)
				}
				// The same rows as validation data: every value is one of the classes.
				opt.Output, opt.Like = name("q"), name("p")
				if _, err := Preprocess(t.Context(), env, opt); err != nil {
					t.Fatal(err)
				}
				for _, packed := range []string{"p", "q"} {
					ones := 0
					for _, y := range readPacked(t, store, name(packed), nil, []string{"v"})[0].labels[0] {
						ones += int(y)
					}
					if ones != len(rows) {
						t.Errorf("%d labels of %d rows in %s", ones, len(rows), packed)
					}
				}
			})
		}
	})
}

func TestPreprocessLike(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		schema := table.Schema{{Name: "v", Type: table.Int16Type}, {Name: "x", Type: table.Float32ArrayType}, {Name: "z", Type: table.Int32ArrayType}}
		writeTable(t, store, "train", schema, []any{1, []float32{1}, []int{1, 0}}, []any{nil, []float32{2}, []int{0, 1}}, []any{3, []float32{3}, []int{0, 1}})
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "train", Output: "p", Dependent: "v,z", Independent: "x", NumClasses: []int{4, 3}, Normalize: ptr(2.0)}); err != nil {
			t.Fatal(err)
		}
		valid := table.Schema{{Name: "w", Type: table.Int64Type}, {Name: "X2", Type: table.Float64ArrayType}, {Name: "u", Type: table.Int16Type.ArrayOf()}}
		writeTable(t, store, "valid", valid, []any{3, []float64{30}, []int{0, 1}}, []any{1, []float64{10}, []int{1, 0}}, []any{3, []float64{20}, []int{0, 0}})
		got, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "valid", Output: "q", Dependent: "w,u", Independent: `"X2"`, Like: "p", Shards: 2})
		if err != nil {
			t.Fatal(err)
		}
		if want := (PreprocessResult{Rows: 3, Buffers: 2, BufferSize: 2}); !reflect.DeepEqual(got, want) {
			t.Errorf("result %+v, want %+v", got, want)
		}
		rows := readPacked(t, store, "q", []string{"X2"}, []string{"w", "u"})
		// The rows keep their order.
		if got, want := fmt.Sprint(rows[0].inputs, rows[0].labels, rows[1].inputs, rows[1].labels), "[[15 5]] [[0 0 1 0 0 1 0 0] [0 1 0 1 0 0]] [[10]] [[0 0 1 0] [0 0 0]]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := summaryOf(t, store, "q_summary"), `source_table text: valid
output_table text: q
dependent_varname text[]: {w,u}
independent_varname text[]: {"\"X2\""}
dependent_vartype text[]: {bigint,smallint[]}
w_class_values bigint[]: {NULL,1,3,NULL}
buffer_size integer: 2
normalizing_const real: 2
num_classes integer[]: {4,3}
distribution_rules text: all_segments
__internal_gpu_config__ text: all_segments
packed_format integer: 2
`; got != want {
			t.Errorf("summary:\n%swant:\n%s", got, want)
		}
	})
}

// No dependent variable with classes: one NULL column for the first.
func TestPreprocessArraysOnly(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		flowers(t, store, "flowers", 6)
		if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "flowers", Output: "p", Dependent: "z", Independent: "x"}); err != nil {
			t.Fatal(err)
		}
		got := summaryOf(t, store, "p_summary")
		for _, want := range []string{"z_class_values integer[]: NULL\n", "num_classes integer[]: {}\n", "dependent_vartype text[]: {integer[]}\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("want %sin\n%s", want, got)
			}
		}
	})
}

// testSchema is the schema that pgStore makes, as errors name it before a table.
var testSchema = regexp.MustCompile(`pipelines_[a-z0-9]+\.`)

func TestPreprocessRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		flowers(t, store, "flowers", 9)
		flowers(t, store, "empty", 0)
		schema := table.Schema{
			{Name: "y", Type: table.Int32Type},
			{Name: "hot", Type: table.Float64ArrayType},
			{Name: "ok", Type: table.Float32ArrayType},
			{Name: "ragged", Type: table.Float32ArrayType},
			{Name: "nulls", Type: table.Float32ArrayType},
			{Name: "holes", Type: table.Float64ArrayType},
			{Name: "nan", Type: table.Float64ArrayType},
			{Name: "none", Type: table.Float64ArrayType},
			{Name: "wide", Type: table.Float64ArrayType},
			{Name: "square", Type: table.Float64ArrayType},
			{Name: "words", Type: table.TextArrayType},
			{Name: "ok_shape", Type: table.Float32ArrayType},
			{Name: "big", Type: table.Float64ArrayType},
		}
		square := table.Array{Elems: []any{1.0, 2.0, 3.0, 4.0}, Shape: []int{2, 2}}
		row := func(y int, ragged []float32, nulls any, hole any, nan, hot, big float64) []any {
			return []any{
				y,
				[]float64{hot},
				[]float32{1, 2},
				ragged, nulls,
				table.Array{Elems: []any{1.0, hole}},
				[]float64{nan},
				[]float64{},
				[]float64{1},
				square,
				[]string{"a"},
				[]float32{1},
				[]float64{big},
			}
		}
		writeTable(t, store, "bad", schema,
			row(1, []float32{1, 2}, []float32{1}, 2.0, 1, 1, 1),
			row(2, []float32{1, 2}, []float32{1}, 2.0, 1, 40000, 1e39),
			row(3, []float32{1}, nil, nil, math.NaN(), 0, 1),
		)
		if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "flowers", Output: "packed", Dependent: "y", Independent: "x"}); err != nil {
			t.Fatal(err)
		}
		before := tablesOf(t, store)
		good := PreprocessOptions{Source: "flowers", Output: "out", Dependent: "y", Independent: "x"}
		bad := PreprocessOptions{Source: "bad", Output: "out", Dependent: "y", Independent: "ok"}
		for _, c := range []struct {
			name   string
			base   PreprocessOptions
			change func(o *PreprocessOptions)
			want   string
		}{
			{"source empty name", good, func(o *PreprocessOptions) { o.Source = " " }, "the name of the source table is empty"},
			{"source missing", good, func(o *PreprocessOptions) { o.Source = "nowhere" }, "does not exist"},
			{"source without rows", good, func(o *PreprocessOptions) { o.Source = "empty" }, "has no rows"},
			{"output empty name", good, func(o *PreprocessOptions) { o.Output = "" }, "the name of the output table is empty"},
			{"output exists", good, func(o *PreprocessOptions) { o.Output = "flowers" }, "output table: table flowers: already exists"},
			{"output summary exists", good, func(o *PreprocessOptions) { o.Output = "packed" }, "already exists"},
			{"independent missing", good, func(o *PreprocessOptions) { o.Independent = "q" }, `column "q" does not exist; the columns are id, x, y, z`},
			{"independent empty", good, func(o *PreprocessOptions) { o.Independent = "" }, "independent variables"},
			{"dependent missing", good, func(o *PreprocessOptions) { o.Dependent = "q" }, `column "q" does not exist`},
			{"dependent twice", good, func(o *PreprocessOptions) { o.Dependent = "y,Y" }, "is named twice"},
			{"dependent and independent", good, func(o *PreprocessOptions) { o.Dependent = "x" }, `column "x" appears twice`},
			{"names collide", bad, func(o *PreprocessOptions) { o.Independent = "ok,ok_shape" }, `column "ok_shape" appears twice`},
			{"buffer size", good, func(o *PreprocessOptions) { o.BufferSize = ptr(0) }, "the buffer size must be at least 1, found 0"},
			{"normalize", good, func(o *PreprocessOptions) { o.Normalize = ptr(0.0) }, "must be a positive number"},
			{"normalize NaN", good, func(o *PreprocessOptions) { o.Normalize = ptr(math.NaN()) }, "must be a positive number"},
			{"normalize too large", good, func(o *PreprocessOptions) { o.Normalize = ptr(1e39) }, "must be a positive number that real can hold"},
			{"shards", good, func(o *PreprocessOptions) { o.Shards = -1 }, "the number of shards must be between 1 and"},
			{"distribution", good, func(o *PreprocessOptions) { o.Distribution = "gpus" }, "distribution: expected all_segments, gpu_segments or a table: distribution table: table gpus: does not exist"},
			{"classes too few", good, func(o *PreprocessOptions) { o.NumClasses = []int{2} }, `column "y" has 3 distinct values, which is more than the 2 classes asked for`},
			{"classes for too many", good, func(o *PreprocessOptions) { o.NumClasses = []int{5, 5} }, "numbers of classes: found 2 for 1 dependent variables"},
			{"label as feature", bad, func(o *PreprocessOptions) { o.Independent = "y"; o.Dependent = "y" }, `table bad: column "y" is a label or a weight: it cannot be among the columns that labels are learned from`},
			{"text features", bad, func(o *PreprocessOptions) { o.Independent = "words" }, `has type text[]`},
			{"text array numbers", bad, func(o *PreprocessOptions) { o.Dependent = "words"; o.LabelTypes = []string{"numeric"} }, `column "words" has type text[]; the numeric dependent variable must be a number`},
			{"ragged", bad, func(o *PreprocessOptions) { o.Independent = "ragged" }, `column "ragged", row 3: the array has shape [1], that of the first row has shape [2]`},
			{"NULL", bad, func(o *PreprocessOptions) { o.Independent = "ok,nulls" }, `table bad, column "nulls", row 3: the value is NULL`},
			{"NULL element", bad, func(o *PreprocessOptions) { o.Independent = "holes" }, `column "holes", row 3: element 2 is NULL`},
			{"NaN", bad, func(o *PreprocessOptions) { o.Independent = "nan" }, `column "nan", row 3: element 1 is NaN`},
			{"out of range", bad, func(o *PreprocessOptions) { o.Independent = "big" }, `column "big", row 2`},
			{"out of range when scaled", bad, func(o *PreprocessOptions) { o.Normalize = ptr(1e-38); o.Independent = "wide,hot" }, `column "hot", row 2: element 1, 40000, is out of range when it is divided`},
			{"empty array", bad, func(o *PreprocessOptions) { o.Independent = "none" }, `column "none", row 1: the array is empty`},
			{"matrix labels", bad, func(o *PreprocessOptions) { o.Dependent = "square" }, `column "square", row 1: the array has shape [2 2]; a label that is one-hot already has one dimension`},
			{"labels out of range", bad, func(o *PreprocessOptions) { o.Dependent = "hot" }, `column "hot", row 2: element 1, 40000, is out of range for smallint`},
			{"NULL labels in arrays", bad, func(o *PreprocessOptions) { o.Dependent = "holes" }, `column "holes", row 3: element 2 is NULL`},
			{"like missing", good, func(o *PreprocessOptions) { o.Like = "nowhere" }, "training table: table nowhere: does not exist"},
			{"like without summary", good, func(o *PreprocessOptions) { o.Like = "flowers" }, "flowers_summary"},
			{"like with normalize", good, func(o *PreprocessOptions) { o.Like = "packed"; o.Normalize = ptr(2.0) }, "come from the training table"},
			{"like with more variables", good, func(o *PreprocessOptions) { o.Like = "packed"; o.Dependent = "y,z" }, "2 dependent variables, but training table packed has 1"},
			{"like with arrays", good, func(o *PreprocessOptions) { o.Like = "packed"; o.Dependent = "z" }, `column "z" has arrays, but "y" of training table packed has classes of type character varying`},
			{"like with another type", good, func(o *PreprocessOptions) { o.Like = "packed"; o.Dependent = "id" }, `column "id" has type integer, which cannot be compared with the classes`},
		} {
			t.Run(c.name, func(t *testing.T) {
				opt := c.base
				c.change(&opt)
				_, err := Preprocess(t.Context(), Env{Store: store}, opt)
				if err == nil || !strings.Contains(testSchema.ReplaceAllString(err.Error(), ""), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				if after := tablesOf(t, store); !slices.Equal(after, before) {
					t.Errorf("tables %v after the error, want %v", after, before)
				}
			})
		}
	})
}

// A label that training does not know is named with its row.
func TestPreprocessUnknownLabel(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		schema := table.Schema{{Name: "v", Type: table.TextType}, {Name: "x", Type: table.Float32ArrayType}, {Name: "ID", Type: table.TextType}}
		one := []float32{1}
		writeTable(t, store, "train", schema, []any{"a", one, "p"}, []any{"b", one, "q"})
		writeTable(t, store, "valid", schema, []any{"a", one, "r"}, []any{"it's", one, "s"}, []any{nil, one, "t"})
		env := Env{Store: store}
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "train", Output: "p", Dependent: "v", Independent: "x"}); err != nil {
			t.Fatal(err)
		}
		_, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "valid", Output: "q", Dependent: "v", Independent: "x", Like: "p"})
		var at *table.ValueError
		if !errors.As(err, &at) || at.Row != 2 || !strings.Contains(err.Error(), `"it's" is none of the classes of the training data (known: "a", "b"); the row has "ID" = "s"`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPreprocessCancel(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		t.Setenv(scratch.EnvDir, t.TempDir())
		name := "flowers_" + env.Runner
		flowers(t, env.Store, name, 500)
		before := tablesOf(t, env.Store)
		for _, stage := range []string{"learning", "reading", "packing"} {
			ctx, cancel := context.WithCancel(t.Context())
			env.Progress = func(e Event) {
				if e.Stage == stage {
					cancel()
				}
			}
			_, err := Preprocess(ctx, env, PreprocessOptions{Source: name, Output: "out", Dependent: "y", Independent: "x", BufferSize: ptr(10)})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled while %s: got %v", stage, err)
			}
			if after := tablesOf(t, env.Store); !slices.Equal(after, before) {
				t.Errorf("tables %v after cancelling while %s, want %v", after, stage, before)
			}
		}
		if left, err := os.ReadDir(os.Getenv(scratch.EnvDir)); err != nil || len(left) != 0 {
			t.Errorf("left in the scratch folder: %v, %v", left, err)
		}
	})
}
