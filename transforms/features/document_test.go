package features

import (
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// document is one of every function.
const wholeDocument = `{"version":1,"variables":[null,{"name":"features","columns":[` +
	`{"column":"a","type":"bigint","steps":[{"function":"mean","fill":[29.5]},{"function":"standardise","offset":[29.5],"scale":[13]}]},` +
	`{"column":"b","type":"real[]","shape":[1,2],"steps":[{"function":"log1p"},{"function":"minmax","offset":[0,1],"scale":[1,0.1]},{"function":"zero"}]},` +
	`{"column":"c","type":"text","steps":[{"function":"category"},{"function":"onehot","ignore_unknown":true,"categories":[null,"x","y"]}]},` +
	`{"column":"c","type":"text","steps":[{"function":"hash","buckets":7},{"function":"index"}]},` +
	`{"column":"d","type":"date","steps":[{"function":"median","limit":9,"fill":[18262.5]}]},` +
	`{"column":"c","type":"text","steps":[{"function":"indicator"}]}]}]}`

func TestDocument(t *testing.T) {
	made, err := Parse(wholeDocument)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 || made[0] != nil || made[1].Width() != 1+2+3+1+1+1 {
		t.Errorf("got %+v", made)
	}
	if got, err := Format(made); err != nil || got != wholeDocument {
		t.Errorf("written again: %s, %v", got, err)
	}
	if got := strings.Join(made[1].Reads(), " "); got != "a b c d" {
		t.Errorf("reads %s", got)
	}
	if c := made[1].Columns; c[3].Numbers() != 7 || c[2].Numbers() != 0 || c[2].Width() != 3 {
		t.Errorf("%d numbers", c[3].Numbers())
	}
}

func TestDocumentRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`{"version":1`, `{"version":2`, "has version 2; this version of beamfit reads version 1"},
		{`"type":"bigint"`, `"type":"text"`, "takes numbers"},
		{`"fill":[29.5]`, `"fill":[29.5,1]`, `column "a": mean has learned 2 numbers for 1 values`},
		{`"fill":[29.5]`, `"fill":["x"]`, "cannot be read"},
		{`"fill":[29.5]`, `"fil":[29.5]`, "unknown field"},
		{`"scale":[13]`, `"scale":[0]`, `column "a": standardise cannot have learned 0`},
		{`"scale":[1,0.1]`, `"scale":[1]`, `column "b": minmax has learned 1 numbers for 2 values`},
		{`"shape":[1,2]`, `"shape":[1,-2]`, "shape [1 -2] is none of arrays"},
		{`"shape":[1,2]`, `"shape":[99999999,99999999]`, "is none of arrays"},
		{`"shape":[1,2],`, ``, "type real[] does not go with shape []"},
		{`[null,"x","y"]`, `["x",null]`, "class 2 is NULL; only the first can be"},
		{`[null,"x","y"]`, `["x","x"]`, `class "x" appears twice`},
		{`[null,"x","y"]`, `["x","\u0000"]`, "zero byte"},
		{`,"categories":[null,"x","y"]`, ``, "onehot has learned 0 categories"},
		{`"buckets":7`, `"buckets":-7`, "hash needs a number of buckets"},
		{`"function":"zero"`, `"function":"one"`, `unknown function "one"`},
		{`"columns":[`, `"columns":[],"x":[`, "unknown field"},
		{`"name":"features"`, `"name":""`, "the name is empty"},
		{`]}]}`, `]}]} {}`, "has more behind its end"},
	} {
		text := strings.Replace(wholeDocument, c.from, c.to, 1)
		if strings.HasSuffix(c.to, "{}") {
			text = wholeDocument + " {}"
		}
		if text == wholeDocument {
			t.Fatalf("%s is not in the document", c.from)
		}
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: %v, want %s", c.from, c.to, err, c.want)
		}
	}
}

// FuzzParse: what is read can be used, whatever the bytes.
func FuzzParse(f *testing.F) {
	f.Add(wholeDocument)
	f.Add(`{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"boolean","steps":[{"function":"onehot","categories":["true"]}]}]}]}`)
	f.Add(`{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"numeric","steps":[{"function":"index","categories":["1","NaN"]}]}]}]}`)
	f.Add(`{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"smallint","steps":[{"function":"standardise","offset":[1e308],"scale":[5e-324]}]}]}]}`)
	f.Add(`{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"text[]","shape":[1],"steps":[{"function":"lookup",` +
		`"lookup":{"layer":"StringLookup","vocabulary":["a"],"num_oov_indices":2,"mask":"","salt":[1,2]}}]}]}]}`)
	f.Add(`{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"bigint","steps":[{"function":"lookup",` +
		`"lookup":{"layer":"Hashing","num_bins":9,"numbers":"int64","mask":"7"}}]}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		made, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Format(made)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		for _, v := range made {
			if v == nil || v.Width() > 1<<16 {
				continue
			}
			var schema table.Schema
			for _, name := range v.Reads() {
				for _, c := range v.Columns {
					if c.Name == name {
						schema = append(schema, table.Column{Name: name, Type: c.typ()})
						break
					}
				}
			}
			if v.Match(schema) != nil {
				continue
			}
			e, err := NewEncoder(v, 1)
			if err != nil {
				t.Fatal(err)
			}
			b := table.NewBatch(schema)
			for k := range b.Cols {
				if err := b.Cols[k].Append(nil); err != nil {
					t.Fatal(err)
				}
			}
			b.Rows = 1
			_, _ = e.Encode(nil, b, table.Name{Table: "t"}, 0)
		}
	})
}
