package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTagger is a user's way with a tagger of words, on both stores: from files with arrays of text, to predictions of arrays of text. Short
// sentences are filled up with word 0, which the network's mask leaves out.
func TestTagger(t *testing.T) {
	var csv, lines strings.Builder
	csv.WriteString("id,words,tags\n")
	for i := range 120 {
		var words, tags []string
		for k := range 6 {
			word := 1 + (i*5+k*k+k)%8
			if k >= 3+i%4 {
				word = 0
			}
			words, tags = append(words, fmt.Sprint(word)), append(tags, []string{"O", "B-PER", "I, PER"}[word%3])
		}
		fmt.Fprintf(&csv, "%d,\"{%s}\",\"[\"\"%s\"\"]\"\n", i, strings.Join(words, ","), strings.Join(tags, `"",""`))
		fmt.Fprintf(&lines, "{\"id\": %d, \"words\": [%s], \"tags\": [\"%s\"]}\n", i, strings.Join(words, ","), strings.Join(tags, `","`))
	}
	arch := `{"class_name": "Sequential", "config": {"name": "tagger", "layers": [
		{"class_name": "Embedding", "config": {"name": "e", "input_dim": 9, "output_dim": 6, "mask_zero": true, "batch_input_shape": [null, 6]}},
		{"class_name": "GRU", "config": {"name": "g", "units": 8, "return_sequences": true}},
		{"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "softmax"}}]}}`
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u, folder := open(t), t.TempDir()
			file := func(name, content string) string {
				path := filepath.Join(folder, name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			u.beamfit("import", file("sentences.csv", csv.String()), "sentences", "--types", "id integer, words integer[], tags text[]")
			u.beamfit("import", file("sentences.jsonl", lines.String()), "sentences_json")
			u.beamfit("export", "sentences", filepath.Join(folder, "sentences.parquet"))
			u.beamfit("import", filepath.Join(folder, "sentences.parquet"), "sentences_parquet")
			u.beamfit("load-model", "arch", file("tagger.json", arch))
			u.beamfit("preprocess", "sentences", "packed", "--dependent", "tags", "--independent", "words", "--shards", "2")
			for _, from := range []string{"json", "parquet"} {
				u.beamfit("preprocess", "sentences_"+from, "packed_"+from, "--dependent", "tags", "--independent", "words", "--like", "packed")
			}
			u.beamfit("fit", "packed", "model", "--arch", "arch", "--id", "1", "--iterations", "4",
				"--compile", "loss='categorical_crossentropy', optimizer=Adam(learning_rate=0.05), metrics=['accuracy']", "--fit", "batch_size=8, epochs=5")
			for _, from := range []string{"json", "parquet"} {
				u.beamfit("evaluate", "model", "packed_"+from, "scores_"+from)
				if out := u.beamfit("show", "scores_"+from, "--format", "csv", "--columns", "metric"); !strings.HasSuffix(strings.TrimSpace(out), "\n1") {
					t.Errorf("accuracy from %s: %s", from, out)
				}
			}
			u.beamfit("predict", "model", "sentences", "predicted", "--id-column", "id", "--type", "response")
			out := u.beamfit("show", "predicted", "--format", "csv", "--columns", "id,class_value", "--limit", "200")
			for _, want := range []string{`0,"{B-PER,O,B-PER,`, `1,"{O,""I, PER"",B-PER,`} {
				if !strings.Contains(out, "\n"+want) {
					t.Errorf("predictions %s, want %s", out, want)
				}
			}
		})
	}
}
