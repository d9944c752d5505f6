package pipelines

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// utf16LE is an ASCII text in UTF-16, with its byte order mark.
func utf16LE(text string) []byte {
	wide := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	return wide
}

func TestLoadModel(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		weights := bytes.Repeat([]byte{1, 2, 3, 4}, 193)
		arch := append([]byte(" \n"), irisJSON(t)...)
		for i, opt := range []LoadModelOptions{
			{Arch: arch},
			{Arch: irisJSON(t), Weights: weights, Name: ptr("Sophie"), Description: ptr("It's a \"model\"")},
			{Arch: irisJSON(t), Name: ptr("")},
		} {
			opt.ArchTable = `"Arch; é"`
			id, err := LoadModel(t.Context(), env, opt)
			if err != nil || id != i+1 {
				t.Fatal(id, err)
			}
		}
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "wide", Arch: utf16LE(string(irisJSON(t)))}); err != nil {
			t.Errorf("UTF-16: %v", err)
		}
		if err := DeleteModel(t.Context(), env, DeleteModelOptions{ArchTable: "wide", ID: 1}); err != nil {
			t.Error(err)
		}
		b := readTable(t, store, `"Arch; é"`)
		if d := cmp.Diff(tables.ArchSchema, b.Schema); d != "" {
			t.Error(d)
		}
		if b.Cols[1].Strings[0] != string(arch) {
			t.Error("the JSON changed")
		}
		if !b.Cols[2].IsNull(0) || !bytes.Equal(b.Cols[2].Bytes[1], weights) {
			t.Error("other weights")
		}
		if !b.Cols[3].IsNull(0) || b.Cols[3].Strings[1] != "Sophie" || b.Cols[4].Strings[1] != "It's a \"model\"" || b.Cols[3].IsNull(2) {
			t.Error(tableText(t, store, `"Arch; é"`))
		}
		if ids := b.Cols[5].Strings; ids[0] == ids[1] || ids[0] == "" {
			t.Errorf("internal ids %q", ids)
		}

		// ids that the last model frees are used again; the last model takes the table with it
		for _, id := range []int{3, 1} {
			if err := DeleteModel(t.Context(), env, DeleteModelOptions{ArchTable: `"Arch; é"`, ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		if id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: `"Arch; é"`, Arch: arch}); id != 3 || err != nil {
			t.Error(id, err)
		}
		wantError(t, DeleteModel(t.Context(), env, DeleteModelOptions{ArchTable: `"Arch; é"`, ID: 9}), `"Arch; é"`, "model_id 9", "exist: 2, 3")
		for _, id := range []int{2, 3} {
			if err := DeleteModel(t.Context(), env, DeleteModelOptions{ArchTable: `"Arch; é"`, ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		if tables := tablesOf(t, store); len(tables) != 0 {
			t.Errorf("tables %q are left", tables)
		}
		err := DeleteModel(t.Context(), env, DeleteModelOptions{ArchTable: `"Arch; é"`, ID: 1})
		wantError(t, err, "architecture table", "does not exist")
		if !errors.Is(err, table.ErrNotExist) {
			t.Errorf("%v is not ErrNotExist", err)
		}
	})
}

// Names follow SQL: unquoted ones fold, quoted ones are exact.
func TestLoadModelNames(t *testing.T) {
	store := fileStore(t)
	for _, name := range []string{"Arch", `"Arch"`, "ARCH"} {
		if _, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: name, Arch: irisJSON(t)}); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"Arch", "arch"}, tablesOf(t, store)); d != "" {
		t.Error(d)
	}
	if b := readTable(t, store, "arch"); b.Rows != 2 {
		t.Errorf("%d rows", b.Rows)
	}
}

// With Replace a model takes the place of the one of its name, so that the ids that commands are given stay what they are.
func TestLoadModelReplace(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		load := func(name string, weights byte, replace bool) (int, error) {
			opt := LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: bytes.Repeat([]byte{weights, 0, 0, 0}, 193), Replace: replace}
			if name != "" {
				opt.Name = &name
			}
			return LoadModel(t.Context(), Env{Store: store}, opt)
		}
		for i, c := range []struct {
			name    string
			replace bool
			id      int
		}{{"a", true, 1}, {"b", false, 2}, {"", false, 3}, {"a", true, 1}, {"c", true, 4}, {"b", true, 2}} {
			if id, err := load(c.name, byte(i), c.replace); id != c.id || err != nil {
				t.Errorf("%d: id %d, %v, want %d", i, id, err, c.id)
			}
		}
		b := readTable(t, store, "arch")
		weights := map[int32]byte{}
		for i, id := range b.Col("model_id").Int32s {
			weights[id] = b.Col("model_weights").Bytes[i][0]
		}
		if want := map[int32]byte{1: 3, 2: 5, 3: 2, 4: 4}; !maps.Equal(weights, want) || b.Rows != 4 {
			t.Errorf("first bytes of weights by id %v, want %v", weights, want)
		}
		_, err := load("", 0, true)
		wantError(t, err, "this one has none")
		if wrong := (*argument.Error)(nil); !errors.As(err, &wrong) {
			t.Errorf("%v is no ArgumentError", err)
		}
		if _, err := load("b", 0, false); err != nil {
			t.Fatal(err)
		}
		_, err = load("b", 0, true)
		wantError(t, err, "arch", `have the name "b"`)
	})
}

func TestLoadModelConcurrently(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		var wg sync.WaitGroup
		ids := make([]int, 4)
		for i := range ids {
			wg.Go(func() {
				var err error
				if ids[i], err = LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := readTable(t, store, "arch").Rows; n != 4 || ids[0]+ids[1]+ids[2]+ids[3] != 10 {
			t.Errorf("%d rows, ids %v", n, ids)
		}
	})
}

func TestLoadModelRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		writeTable(t, store, "other", table.Schema{{Name: "model_id", Type: table.Int32Type}}, []any{1})
		typed := append(table.Schema{{Name: "model_id", Type: table.TextType}}, tables.ArchSchema[1:]...)
		writeTable(t, store, "typed", typed)
		before := tablesOf(t, store)
		for name, c := range map[string]struct {
			opt  LoadModelOptions
			want []string
		}{
			"no table":      {LoadModelOptions{Arch: irisJSON(t)}, []string{"architecture", "empty"}},
			"no model":      {LoadModelOptions{ArchTable: "arch"}, []string{"JSON is empty"}},
			"no JSON":       {LoadModelOptions{ArchTable: "arch", Arch: []byte("{")}, []string{"model"}},
			"unknown layer": {LoadModelOptions{ArchTable: "arch", Arch: []byte(strings.Replace(string(irisJSON(t)), `"Dense"`, `"Fog"`, 1))}, []string{"Fog"}},
			"weights":       {LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: make([]byte, 771)}, []string{"193", "771"}},
			"no weights":    {LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: []byte{}}, []string{"193"}},
			"both":          {LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: make([]byte, 772), WeightsFrom: "m"}, []string{"twice"}},
			"missing":       {LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "m"}, []string{"model table", "does not exist"}},
			"columns":       {LoadModelOptions{ArchTable: "other", Arch: irisJSON(t)}, []string{"other", `"model_arch"`}},
			"types":         {LoadModelOptions{ArchTable: "typed", Arch: irisJSON(t)}, []string{"typed", `"model_id"`, "text", "integer"}},
		} {
			_, err := LoadModel(t.Context(), Env{Store: store}, c.opt)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
		wantError(t, DeleteModel(t.Context(), Env{Store: store}, DeleteModelOptions{ArchTable: "other", ID: 1}), "other", `"model_arch"`)
		wantError(t, DeleteModel(t.Context(), Env{Store: store}, DeleteModelOptions{ArchTable: "typed", ID: 1}), "typed", "no rows")
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
	})
}

// TestModelWithoutWeights: a model whose layers have none needs none, to predict.
func TestModelWithoutWeights(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		houses(t, store, "rows", 2)
		arch := []byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Softmax", "config": {"name": "s", "batch_input_shape": [null, 2]}}]}}`)
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "bare", Arch: arch}); err != nil {
			t.Fatal(err)
		}
		opt := PredictBYOMOptions{ArchTable: "bare", ID: 1, Test: "rows", Output: "out", IDColumn: "id", Independent: "features", Type: "response"}
		if _, err := PredictBYOM(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		if p := readTable(t, store, "out").Cols[3].Float64s; len(p) != 2 || math.Abs(p[0]-1/(1+math.Exp(-1))) > 1e-7 { // of 0 and 1
			t.Errorf("probabilities %v", p)
		}
	})
}
