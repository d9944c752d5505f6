package modelfile

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/lookup"
)

// adaptedSources have layers that have learned their vocabularies: those of Keras 3, and of tf.keras.
var adaptedSources = []string{"adapted.k3.keras", "adapted.k2.keras"}

// TestAdaptedLayers: what layers have learned comes with the archive, and goes with every file.
func TestAdaptedLayers(t *testing.T) {
	empty := ""
	cities := []string{"Köln", "Bonn", "漢字", "Ulm"}
	want := []*lookup.Lookup{
		{Layer: "StringLookup", Vocabulary: cities, OOV: 1, Mask: &empty},
		{Layer: "StringLookup", Vocabulary: cities[:3], OOV: 2},
		nil,
		{Layer: "StringLookup", Vocabulary: []string{"Köln", "Ulm", "Bonn", "漢字"}, OOV: 1},
		{Layer: "TextVectorization", Vocabulary: []string{"in", "köln", "vom", "dom", "bonn"}, OOV: 1, Mask: &empty, Standardize: "lower_and_strip_punctuation", Split: "whitespace", Length: 3},
	}
	for _, source := range adaptedSources {
		m := load(t, fixture(source))
		check := func(path string, s *keras.Spec) {
			if diff := cmp.Diff(want, s.Lookups); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
			for _, l := range s.Layers {
				c, ok := l.Config.(*keras.IntegerLookup)
				if ok && !cmp.Equal(c.Keys, []float64{7, -5, 123456}) {
					t.Errorf("%s: codes %v", path, c.Keys)
				}
			}
			if diff := cmp.Diff(Model{Spec: m.Spec}.idf(), Model{Spec: s}.idf()); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		check(source, m.Spec)
		if idf := m.idf()["inside/last"]; strings.Contains(source, "k3") && (len(idf) != 5 || idf[1] != 0.5596157879) { // log(1 + 3 documents / (1 + 3))
			t.Errorf("%s: numbers of tf_idf %v", source, idf)
		}
		for _, suffix := range []string{".keras", ".h5"} {
			path := filepath.Join(t.TempDir(), "out"+suffix)
			write(t, path, m)
			check(source+suffix, load(t, path).Spec)
		}
	}
}

// changed is a copy of an archive with another text in one of its files, or without the file.
func changed(t *testing.T, source, file string, change func([]byte) []byte) string {
	t.Helper()
	z, err := zip.OpenReader(source)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out bytes.Buffer
	w, found := zip.NewWriter(&out), false
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == file {
			found = true
			if data = change(data); data == nil {
				continue
			}
		}
		to, err := w.Create(f.Name)
		if err == nil {
			_, err = to.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || !found {
		t.Fatalf("%s is in the archive: %v (%v)", file, found, err)
	}
	path := filepath.Join(t.TempDir(), "changed.keras")
	if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVocabulariesThatDoNotFit: nothing is made up for a layer, and no file takes more memory than a model's JSON may have.
func TestVocabulariesThatDoNotFit(t *testing.T) {
	const masked, codes, last = "assets/layers/string_lookup/vocabulary.txt", "assets/layers/integer_lookup/vocabulary.txt", "assets/layers/functional/layers/string_lookup/vocabulary.txt"
	for _, c := range []struct {
		file   string
		change func([]byte) []byte
		want   string
	}{
		{masked, func([]byte) []byte { return nil }, `layer "masked" (StringLookup): vocabulary is missing: a layer that was adapted has it in its .keras file`},
		{masked, func(text []byte) []byte { return append(text, "\nBerlin"...) }, `layer "masked" (StringLookup): vocabulary.txt: it has 7 lines, the vocabulary 6 words`},
		{masked, func(text []byte) []byte { return append(text, 0xff) }, `vocabulary.txt: it is not UTF-8`},
		{masked, func(text []byte) []byte { return bytes.Replace(text, []byte("Ulm"), []byte("Bonn"), 1) }, `layer "masked" (StringLookup): vocabulary has "Bonn" twice`},
		{masked, func([]byte) []byte { return make([]byte, keras.MaxJSONBytes+1) }, masked + `: more than 16777175 bytes`},
		{codes, func(text []byte) []byte { return bytes.Replace(text, []byte("123456"), []byte("12e3"), 1) }, `layer "codes" (IntegerLookup): vocabulary.txt: line 4 is no whole number: "12e3"`},
		{last, func([]byte) []byte { return nil }, `layer "inside/last" (StringLookup): vocabulary is missing`},
		{kerasio.ConfigName, func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"tf_idf"`), []byte(`"count"`), 1)
		}, ""},
		{kerasio.ConfigName, func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"count"`), []byte(`"tf_idf"`), 1)
		}, `layer "counted" (StringLookup): vars/idf_weights: the file has no such array`},
	} {
		f, err := Open(changed(t, fixture(adaptedSources[0]), c.file, c.change))
		if err == nil {
			_, err = keras.Parse(f.Config)
			_ = f.Close()
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

// TestLinesOfVocabularies: files of Windows end their lines otherwise, and a last word may be empty.
func TestLinesOfVocabularies(t *testing.T) {
	for text, want := range map[string][]string{
		"a\nb":        {"a", "b"},
		"\n[UNK]\na":  {"", "[UNK]", "a"},
		"a\r\nb\r\nc": {"a", "b", "c"},
		"a\r\nb\nc":   {"a\r", "b", "c"},
		"a\n":         {"a", ""},
		"a\u2028b\nc": {"a\u2028b", "c"},
	} {
		if got, err := wordsOf([]byte(text), nil); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
