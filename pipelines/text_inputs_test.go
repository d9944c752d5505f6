package pipelines

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// inputJSON is an input of a network.
func inputJSON(name, shape, dtype string) string {
	return fmt.Sprintf(`{"class_name":"InputLayer","config":{"name":%q,"batch_input_shape":[null,%s],"dtype":%q},"name":%q,"inbound_nodes":[]}`, name, shape, dtype, name)
}

// layerJSON is a layer of a network that takes what others make; config are its arguments.
func layerJSON(class, name, config string, from ...string) string {
	nodes := make([]string, len(from))
	for i, f := range from {
		nodes[i] = fmt.Sprintf(`[%q,0,0,{}]`, f)
	}
	if config != "" {
		config = "," + config
	}
	return fmt.Sprintf(`{"class_name":%q,"config":{"name":%q%s},"name":%q,"inbound_nodes":[[%s]]}`, class, name, config, name, strings.Join(nodes, ","))
}

// flatsJSON is a network of two numbers, a city that is looked up in a vocabulary, three tags of another one, and a code that is hashed.
func flatsJSON(cities string) []byte {
	return []byte(`{"class_name":"Functional","config":{"name":"flats","layers":[` + strings.Join([]string{
		inputJSON("size", "2", "float32"), inputJSON("city", "1", "string"), inputJSON("tags", "3", "string"), inputJSON("code", "1", "int64"),
		layerJSON("StringLookup", "cities", `"vocabulary":[`+cities+`],"output_mode":"one_hot"`, "city"),
		layerJSON("StringLookup", "amenities", `"vocabulary":["lift","garden"],"num_oov_indices":2,"mask_token":"","output_mode":"multi_hot"`, "tags"),
		layerJSON("Hashing", "codes", `"num_bins":5,"output_mode":"one_hot"`, "code"),
		layerJSON("Concatenate", "joined", `"axis":-1`, "size", "cities", "amenities", "codes"),
		layerJSON("Dense", "sold", `"units":2,"activation":"softmax"`, "joined"),
	}, ",") + `],"input_layers":[["size",0,0],["city",0,0],["tags",0,0],["code",0,0]],"output_layers":[["sold",0,0]]},"keras_version":"2.15.0","backend":"tensorflow"}`)
}

const (
	flatsList   = "[area, rooms], city, tags, code"
	flatsCities = `"Bonn","Łódź","Den Haag"`
)

var flatsSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "area", Type: table.Float64Type},
	{Name: "rooms", Type: table.Int16Type},
	{Name: "city", Type: table.TextType},
	{Name: "tags", Type: table.TextArrayType},
	{Name: "code", Type: table.Int64Type},
	{Name: "sold", Type: table.TextType},
}

// flats makes a table of n rows, of the rows from on.
func flats(t testing.TB, store table.Store, name string, from, n int) {
	t.Helper()
	var rows [][]any
	for i := from; i < from+n; i++ {
		tag := func(k int) string { return []string{"lift", "garden", "", "pool", `a "bar"`}[(i*k+i/7+k)%5] }
		rows = append(rows, []any{
			i, float64(i%17) / 8, i%4 - 1, []string{"Łódź", "Bonn", "Rome", "Den Haag"}[(i*i+i/3)%4],
			[]string{tag(1), tag(2), tag(3)},
			int64(i*i*i-50) << (i % 30), []string{"no", "yes"}[i*i%3%2],
		})
	}
	writeTable(t, store, name, flatsSchema, rows...)
}

// From text to predictions: every store and runner has the same bits, which are those of the layers' indices.
func TestTextInputs(t *testing.T) {
	var first map[string]string
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		env.Workers = 3
		defer dropTables(t, env.Store)
		ctx := t.Context()
		flats(t, env.Store, "flats", 0, 150)
		flats(t, env.Store, "others", 100, 90)
		loadArch(t, env.Store, flatsJSON(flatsCities))
		got, err := Preprocess(ctx, env, PreprocessOptions{
			Source: "flats", Output: "packed", Dependent: "sold", Independent: flatsList, ArchTable: "arch", ID: 1, Shards: 2, BufferSize: ptr(20),
			ValidationShare: ptr(0.2), ValidationOutput: "held", Seed: 4,
		})
		if err != nil {
			t.Fatal(err)
		}
		var described []string
		for _, f := range got.Features {
			described = append(described, fmt.Sprintf("%s %d %v", f.Name, f.Width, f.Columns))
		}
		if d := cmp.Diff([]string{"features 2 [{area 1 0} {rooms 1 0}]", "city 1 [{city 1 4}]", "tags 3 [{tags 3 4}]", "code 1 [{code 1 5}]"}, described); d != "" {
			t.Error(d)
		}
		if _, err := Preprocess(ctx, env, PreprocessOptions{Source: "others", Output: "others_packed", Like: "packed"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Preprocess(ctx, env, PreprocessOptions{Source: "others", Output: "again_packed", Dependent: "sold", Independent: flatsList, Like: "packed"}); err != nil {
			t.Fatal(err)
		}
		if a, b := tableText(t, env.Store, "others_packed"), tableText(t, env.Store, "again_packed"); a != b {
			t.Error("naming the same columns gave another table")
		}
		checkIndices(t, env.Store, "others", "others_packed")
		fit := FitOptions{
			Source: "packed", Model: "model", ArchTable: "arch", ID: 1, Validation: "held", Iterations: 2, Seed: 2,
			Compile: "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
		}
		if r, err := Fit(ctx, env, fit); err != nil || len(r.Warnings) > 0 {
			t.Fatal(r, err)
		}
		fit.WarmStart, fit.Iterations = true, 1
		if _, err := Fit(ctx, env, fit); err != nil {
			t.Fatal(err)
		}
		if _, err := Evaluate(ctx, env, EvaluateOptions{Model: "model", Test: "others_packed", Output: "scores"}); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: flatsJSON(flatsCities), WeightsFrom: "model"}); err != nil {
			t.Fatal(err)
		}
		for out, list := range map[string]string{"predicted": "", "predicted_named": flatsList} {
			if _, err := Predict(ctx, env, PredictOptions{Model: "model", Test: "others", Output: out, IDColumn: "id", Independent: list}); err != nil {
				t.Fatal(err)
			}
		}
		no, yes := "no", "yes"
		for out, opt := range map[string]PredictBYOMOptions{
			"byom_packed": {Like: "packed"}, "byom_model": {Like: "model"}, "byom_own": {Independent: flatsList, Classes: [][]*string{{&no, &yes}}},
		} {
			opt.ArchTable, opt.ID, opt.Test, opt.Output, opt.IDColumn = "arch", 2, "others", out, "id"
			if _, err := PredictBYOM(ctx, env, opt); err != nil {
				t.Fatal(out, err)
			}
		}
		want := predictions(t, env.Store, "predicted")
		if len(want) != 180 {
			t.Errorf("%d predictions", len(want))
		}
		for _, other := range []string{"predicted_named", "byom_packed", "byom_model", "byom_own"} {
			has := predictions(t, env.Store, other)
			for i := range has {
				has[i] = strings.Replace(has[i], "dependent_var", "sold", 1)
			}
			if d := cmp.Diff(want, has); d != "" {
				t.Errorf("%s: %s", other, d)
			}
		}
		model, err := OpenModel(ctx, env.Store, "model")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := model.PredictRows(ctx, readTable(t, env.Store, "others"))
		if err != nil {
			t.Fatal(err)
		}
		var inMemory []string
		for i, row := range rows {
			for rank, c := range row[0].Classes {
				inMemory = append(inMemory, fmt.Sprintf("%d|sold|%s|%s|%d", 100+i, *c.Value, table.FloatText(c.Prob, 64), rank+1))
			}
		}
		slices.Sort(inMemory)
		if d := cmp.Diff(want, inMemory); d != "" {
			t.Errorf("in memory: %s", d)
		}
		found := map[string]string{
			"packed": tableText(t, env.Store, "packed"), "held": tableText(t, env.Store, "held"), "predicted": strings.Join(want, "\n"), "scores": tableText(t, env.Store, "scores"),
			"document": readTable(t, env.Store, "packed_summary").Col(tables.FeatureColumns).Strings[0],
		}
		if first == nil {
			first = found
		}
		if d := cmp.Diff(first, found); d != "" {
			t.Errorf("other bits than on the first runner and store: %s", d)
		}
	})
}

// checkIndices checks that a packed table has the indices of the layers, in the order of the rows.
func checkIndices(t *testing.T, store table.Store, source, packed string) {
	t.Helper()
	mask := ""
	city := (&lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"Bonn", "Łódź", "Den Haag"}, OOV: 1}).Encoder()
	tags := (&lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"lift", "garden"}, OOV: 2, Mask: &mask, MaskIndex: -1}).Encoder()
	code := (&lookup.Lookup{Layer: lookup.Hashing, Bins: 5, Numbers: "int64"}).Encoder()
	rows := readTable(t, store, source)
	index := func(e *lookup.Encoder, text string) float32 {
		x, err := e.Index(text)
		if err != nil {
			t.Fatal(err)
		}
		return float32(x)
	}
	buffers := readPacked(t, store, packed, []string{"features", "city", "tags", "code"}, nil)
	slices.SortFunc(buffers, func(a, b packedRow) int { return a.id - b.id })
	row := 0
	for _, b := range buffers {
		for k := range len(b.inputs[1]) {
			want := []float32{float32(rows.Col("area").Float64s[row]), float32(rows.Col("rooms").Int16s[row]), index(city, rows.Col("city").Strings[row])}
			for _, tag := range rows.Col("tags").Strings[3*row : 3*row+3] {
				want = append(want, index(tags, tag))
			}
			want = append(want, index(code, fmt.Sprint(rows.Col("code").Int64s[row])))
			got := slices.Concat(b.inputs[0][2*k:2*k+2], b.inputs[1][k:k+1], b.inputs[2][3*k:3*k+3], b.inputs[3][k:k+1])
			if !slices.Equal(got, want) {
				t.Errorf("row %d: %v, want %v", row, got, want)
			}
			row++
		}
	}
	if row != rows.Rows {
		t.Errorf("%d rows of %d", row, rows.Rows)
	}
}

// What is not as the model takes text is refused before any work, with what was found and how to go on.
func TestTextInputsRefused(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env, ctx := Env{Store: store}, t.Context()
		flats(t, store, "flats", 0, 20)
		loadArch(t, store, flatsJSON(flatsCities))                   // 1
		loadArch(t, store, flatsJSON(`"Bonn","Lodz","Den Haag"`))    // 2
		loadArch(t, store, denseJSON("softmax", 2, 2, 4, 3, 1))      // 3: the same inputs, of numbers
		loadArch(t, store, flatsJSON(`"Bonn","Łódź","Den Haag",""`)) // 4
		pack := func(output, list string, arch string, id int) error {
			_, err := Preprocess(ctx, env, PreprocessOptions{Source: "flats", Output: output, Dependent: "sold", Independent: list, ArchTable: arch, ID: id})
			return err
		}
		for _, c := range []struct{ list, want string }{
			{"[area, rooms], city, tags", `flats: the model has the inputs size, city, tags, code, the list has 3 variables: [area, rooms], city, tags`},
			{"[area, rooms], onehot(city), tags, code", `input "city" of the model takes text by its layer "cities" (StringLookup): found onehot(city), expected the column city itself`},
			{"[area, rooms], code, tags, code", `input "city" of the model takes text by its layer "cities" (StringLookup): column "code" has type bigint; the layer StringLookup takes text`},
			{"[area, rooms], city, tags, city", `input "code" of the model takes text by its layer "codes" (Hashing): column "city" has type text; the layer Hashing takes numbers (int64)`},
			{"[area, rooms], city, [city, sold2], code", `column "sold2" does not exist`},
			{"[area, rooms], city, [city, city], code", `input "tags" of the model: the rows of [city, city] AS features_2 have shape (2), expected (3)`},
			{"[area], city, tags, code", `input "size" of the model: the rows of [area] AS features have shape (1), expected (2)`},
			{"[area, onehot(rooms)], city, tags, code", `input "size" of the model: the rows of [area, onehot(rooms)] AS features have shape (5), expected (2)`},
		} {
			if err := pack("p", c.list, "arch", 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.list, err, c.want)
			}
		}
		for _, c := range []struct {
			opt  PreprocessOptions
			want string
		}{
			{PreprocessOptions{ID: 3}, "model_id 3: the architecture table is missing"},
			{PreprocessOptions{ArchTable: "arch", ID: 9}, "no model has model_id 9; those that exist: 1, 2, 3, 4"},
			{PreprocessOptions{ArchTable: "arch", ID: 1, Like: "flats"}, "an architecture table cannot be given beside it"},
			{PreprocessOptions{ArchTable: "arch", ID: 1, Normalize: ptr(2.0)}, "a normalizing constant would divide the numbers of city"},
			{PreprocessOptions{ArchTable: "arch", ID: 1, Output: "arch", Replace: true}, "arch"},
		} {
			c.opt.Source, c.opt.Dependent, c.opt.Independent = "flats", "sold", flatsList
			if c.opt.Output == "" {
				c.opt.Output = "p"
			}
			if _, err := Preprocess(ctx, env, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: %v, want %s", c.opt, err, c.want)
			}
		}
		packs := map[string]struct {
			list, arch string
			id         int
		}{
			"packed": {flatsList, "arch", 1}, "lodz": {flatsList, "arch", 2},
			"plain": {"[area, rooms], [city], [index(city), index(city), index(city)], [code]", "", 0}, // without a model, all is as ever
		}
		for output, p := range packs {
			if err := pack(output, p.list, p.arch, p.id); err != nil {
				t.Fatal(output, err)
			}
		}
		const other = `text 2 of the vocabulary is "Lodz" there and "Łódź" here`
		fit := func(source, validation string, id int) error {
			_, err := Fit(ctx, env, FitOptions{Source: source, Model: "m", ArchTable: "arch", ID: id, Validation: validation, Iterations: 1, Compile: "loss='categorical_crossentropy', optimizer='sgd'", Replace: true})
			return err
		}
		for _, c := range []struct {
			source, validation string
			id                 int
			want               string
		}{
			{"plain", "", 1, `input "city" of the model takes text by its layer "cities" (StringLookup), but features_2 of the source table was made as [onehot(city)] AS features_2; ` +
				`run preprocess with --arch arch --id 1`},
			{"lodz", "", 1, `but city of the source table was made by another one: ` + other + `; run preprocess with --arch arch --id 1`},
			{"packed", "lodz", 1, `but city of the validation table was made by another one: ` + other},
			{"packed", "", 4, `the number of texts in the vocabulary is 3 there and 4 here`},
			{"plain", "", 3, ""},
			{"lodz", "", 2, ""},
			{"packed", "packed", 1, ""},
		} {
			if err := fit(c.source, c.validation, c.id); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("fit of %s, %s with %d: %v, want %s", c.source, c.validation, c.id, err, c.want)
			}
		}
		says := func(what string, err error, want string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", what, err, want)
			}
		}
		_, err := Fit(ctx, env, FitOptions{Source: "lodz", Model: "m", ArchTable: "arch", ID: 2, Iterations: 1, Compile: "loss='categorical_crossentropy', optimizer='sgd'", WarmStart: true})
		says("warm start", err, `warm start: input "city" of the model takes text by its layer "cities" (StringLookup), but layer "cities" of model m is another one: `+
			`text 2 of the vocabulary is "Łódź" there and "Lodz" here`)
		_, err = LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: flatsJSON(`"Bonn","Lodz","Den Haag"`), WeightsFrom: "m"})
		says("weights", err, `but layer "cities" of model m is another one: text 2`)
		for test, want := range map[string]string{"lodz": other + "; run preprocess with --like and the training table", "plain": "was made as [onehot(city)]"} {
			_, err = Evaluate(ctx, env, EvaluateOptions{Model: "m", Test: test, Output: "e"})
			says("evaluate of "+test, err, want)
		}
		if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: flatsJSON(flatsCities), WeightsFrom: "m"}); err != nil { // 5
			t.Fatal(err)
		}
		for _, c := range []struct {
			opt  PredictBYOMOptions
			want string
		}{
			{PredictBYOMOptions{Like: "lodz"}, `but city of lodz was made by another one: ` + other},
			{PredictBYOMOptions{Independent: "[area, rooms], city, tags"}, "the list has 3 variables"},
			{PredictBYOMOptions{Independent: "[mean(area), rooms], city, tags, code"}, "[mean(area), rooms] AS features is learned from training rows"},
			{PredictBYOMOptions{Independent: flatsList, Normalize: ptr(2.0)}, "a normalizing constant would divide the numbers of text"},
			{PredictBYOMOptions{Independent: "[area], city, tags, code"}, "the columns [area] AS features make 1 number per row, the model's input has shape [2]"},
		} {
			c.opt.ArchTable, c.opt.ID, c.opt.Test, c.opt.Output = "arch", 5, "flats", "o"
			_, err := PredictBYOM(ctx, env, c.opt)
			says(fmt.Sprintf("%+v", c.opt), err, c.want)
		}
		three := []string{"a", "b", "c"}
		writeTable(t, store, "missing", flatsSchema, []any{1, 1., 1, "Bonn", three, int64(1), "no"}, []any{2, 1., 1, nil, three, int64(1), "no"})
		_, err = Predict(ctx, env, PredictOptions{Model: "m", Test: "missing", Output: "o", IDColumn: "id"})
		says("missing", err, `missing, column "city", row 2: the value is missing`)
	})
}

// A model of texts of any number takes as many as the rows have, beside an array of numbers that is as open.
func TestOpenTextInputs(t *testing.T) {
	arch := []byte(`{"class_name":"Functional","config":{"name":"open","layers":[` + strings.Join([]string{
		inputJSON("words", "null", "string"), inputJSON("series", "null,1", "float32"),
		layerJSON("StringLookup", "look", `"vocabulary":["a","b"],"mask_token":""`, "words"),
		layerJSON("Embedding", "e", `"input_dim":4,"output_dim":2`, "look"),
		layerJSON("GlobalAveragePooling1D", "p", ``, "e"),
		layerJSON("GlobalAveragePooling1D", "q", ``, "series"),
		layerJSON("Concatenate", "c", `"axis":-1`, "p", "q"),
		layerJSON("Dense", "d", `"units":1`, "c"),
	}, ",") + `],"input_layers":[["words",0,0],["series",0,0]],"output_layers":[["d",0,0]]},"keras_version":"2.15.0","backend":"tensorflow"}`)
	store := fileStore(t)
	env, ctx := Env{Store: store}, t.Context()
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "w", Type: table.TextArrayType}, {Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.Float64Type}}
	var rows [][]any
	for i := range 30 {
		word := func(k int) string { return []string{"a", "b", "", "z"}[(i+k*k)%4] }
		rows = append(rows, []any{i, []string{word(0), word(1), word(i), word(3), word(5)}, []float32{float32(i), 1, 2}, float64(i % 7)})
	}
	writeTable(t, store, "t", schema, rows...)
	loadArch(t, store, arch)
	opt := PreprocessOptions{Source: "t", Output: "p", Dependent: "y", Independent: "w, x", LabelTypes: []string{"numeric"}, ArchTable: "arch", ID: 1}
	if _, err := Preprocess(ctx, env, opt); err != nil {
		t.Fatal(err)
	}
	if r := readPacked(t, store, "p", []string{"w", "x"}, nil)[0]; r.shapes != "{30,5}{30,3}" {
		t.Errorf("shapes %s", r.shapes)
	}
	if _, err := Fit(ctx, env, FitOptions{Source: "p", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='mse', optimizer='sgd'"}); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: arch, WeightsFrom: "m"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Predict(ctx, env, PredictOptions{Model: "m", Test: "t", Output: "o", IDColumn: "id"}); err != nil {
		t.Fatal(err)
	}
	if _, err := PredictBYOM(ctx, env, PredictBYOMOptions{ArchTable: "arch", ID: 2, Test: "t", Output: "b", IDColumn: "id", Independent: "w, x", LabelTypes: []string{"numeric"}}); err != nil {
		t.Fatal(err)
	}
	want := predictions(t, store, "o")
	for i := range want {
		want[i] = strings.Replace(want[i], "|y|", "|dependent_var|", 1)
	}
	if d := cmp.Diff(want, predictions(t, store, "b")); d != "" || len(want) != 30 {
		t.Error(d)
	}
}

// A model of one text, cut into tokens, takes images of any size beside it: the rows say which.
func TestTextBesideOpenInput(t *testing.T) {
	arch := []byte(`{"class_name":"Functional","config":{"name":"open","layers":[` + strings.Join([]string{
		inputJSON("caption", "1", "string"), inputJSON("image", "null,null,3", "float32"),
		layerJSON("TextVectorization", "cut", `"vocabulary":["cat","dog"],"output_sequence_length":20`, "caption"),
		layerJSON("Embedding", "e", `"input_dim":4,"output_dim":2`, "cut"),
		layerJSON("GlobalAveragePooling1D", "p", ``, "e"),
		layerJSON("GlobalAveragePooling2D", "q", ``, "image"),
		layerJSON("Concatenate", "c", `"axis":-1`, "p", "q"),
		layerJSON("Dense", "d", `"units":1`, "c"),
	}, ",") + `],"input_layers":[["caption",0,0],["image",0,0]],"output_layers":[["d",0,0]]},"keras_version":"2.15.0","backend":"tensorflow"}`)
	store := fileStore(t)
	env, ctx := Env{Store: store}, t.Context()
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "caption", Type: table.TextType}, {Name: "image", Type: table.Float32ArrayType}, {Name: "y", Type: table.Float64Type}}
	image := func(i, channels int) table.Array {
		a := table.Array{Shape: []int{2, 4, channels}}
		for k := range 8 * channels {
			a.Elems = append(a.Elems, float32(i*k%7))
		}
		return a
	}
	var rows, grey [][]any
	for i := range 30 {
		caption := []string{"A cat.", "a dog and a cat", "", "Dog!"}[i%4]
		rows = append(rows, []any{i, caption, image(i, 3), float64(i % 7)})
		grey = append(grey, []any{i, caption, image(i, 1), float64(i % 7)})
	}
	writeTable(t, store, "t", schema, rows...)
	writeTable(t, store, "grey", schema, grey...)
	loadArch(t, store, arch)
	opt := PreprocessOptions{Source: "t", Output: "p", Dependent: "y", Independent: "caption, image", LabelTypes: []string{"numeric"}, ArchTable: "arch", ID: 1}
	if _, err := Preprocess(ctx, env, opt); err != nil {
		t.Fatal(err)
	}
	if r := readPacked(t, store, "p", []string{"caption", "image"}, nil)[0]; r.shapes != "{30,20}{30,2,4,3}" {
		t.Errorf("shapes %s", r.shapes)
	}
	opt.Source, opt.Output = "grey", "q"
	if _, err := Preprocess(ctx, env, opt); err == nil || !strings.Contains(err.Error(), `input "image" of the model: the rows of image have shape (2, 4, 1), expected (None, None, 3)`) {
		t.Errorf("other images: %v", err)
	}
	if _, err := Fit(ctx, env, FitOptions{Source: "p", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='mse', optimizer='sgd'"}); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: arch, WeightsFrom: "m"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Predict(ctx, env, PredictOptions{Model: "m", Test: "t", Output: "o", IDColumn: "id"}); err != nil {
		t.Fatal(err)
	}
	for out, byom := range map[string]PredictBYOMOptions{
		"own": {Independent: "caption, image", LabelTypes: []string{"numeric"}}, "like": {Like: "p"}, "like_named": {Like: "m", Independent: "caption, image"},
	} {
		byom.ArchTable, byom.ID, byom.Test, byom.Output, byom.IDColumn = "arch", 2, "t", out, "id"
		if _, err := PredictBYOM(ctx, env, byom); err != nil {
			t.Errorf("%s: %v", out, err)
			continue
		}
		want := predictions(t, store, "o")
		for i := range want {
			want[i] = strings.Replace(want[i], "|y|", "|dependent_var|", 1)
		}
		got := predictions(t, store, out)
		for i := range got {
			got[i] = strings.Replace(got[i], "|y|", "|dependent_var|", 1)
		}
		if d := cmp.Diff(want, got); d != "" || len(want) != 30 {
			t.Errorf("%s: %s", out, d)
		}
	}
}

// predict-byom of a model that takes text finds the shape of arrays that may be missing where preprocess finds it: in the first row that has one.
func TestFirstArrayBesideTextIsMissing(t *testing.T) {
	arch := []byte(`{"class_name":"Functional","config":{"name":"m","layers":[` + strings.Join([]string{
		inputJSON("prices", "2", "float32"), inputJSON("city", "1", "string"),
		layerJSON("StringLookup", "cities", `"vocabulary":["Bonn","Rome"],"output_mode":"one_hot"`, "city"),
		layerJSON("Concatenate", "c", `"axis":-1`, "prices", "cities"),
		layerJSON("Dense", "d", `"units":2,"activation":"softmax"`, "c"),
	}, ",") + `],"input_layers":[["prices",0,0],["city",0,0]],"output_layers":[["d",0,0]]},"keras_version":"2.15.0","backend":"tensorflow"}`)
	store := fileStore(t)
	env := Env{Store: store}
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "prices", Type: table.Float64ArrayType}, {Name: "city", Type: table.TextType}}
	writeTable(t, store, "missing", schema, []any{1, nil, "Bonn"}, []any{2, []float64{1, 2}, "Rome"})
	writeTable(t, store, "filled", schema, []any{1, []float64{0, 0}, "Bonn"}, []any{2, []float64{1, 2}, "Rome"})
	weights := make([]byte, 4*12)
	for i := range 12 {
		binary.LittleEndian.PutUint32(weights[4*i:], math.Float32bits(float32(i)/8))
	}
	if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: arch, Weights: weights}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []string{"missing", "filled"} {
		opt := PredictBYOMOptions{ArchTable: "arch", ID: 1, Test: test, Output: test + "_predicted", IDColumn: "id", Independent: "[zero(prices)], city"}
		if _, err := PredictBYOM(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(predictions(t, store, "filled_predicted"), predictions(t, store, "missing_predicted")); d != "" {
		t.Error(d)
	}
}
