package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// givesOnMuch runs two commands with one task that gives on more than Beam's runner for Flink takes from a bundle, which is 100 messages of 4 MB: 108,000 rows of
// 1,000 numbers that are packed, and 54 shards with 8 MB of weights each. They leave what they leave on the direct runner.
func givesOnMuch(t *testing.T, u user, e engine) {
	u.words(t)
	u.beamfit("import", "../../cmd/beamfit/internal/iris/iris.csv", "flowers", "--types", irisTypes)
	u.beamfit("preprocess", "flowers", "shards", "--dependent", "class_text", "--independent", "attributes", "--shards", "54", "--buffer-size", "2")
	u.beamfit("load-model", "wide", veryWideModelFile(t))

	var want [2]string
	for i, flags := range [][]string{nil, e.flags} {
		began := time.Now()
		u.beamfit(append(packWords("packed_words"), flags...)...)
		packed := time.Since(began)
		u.beamfit(append([]string{
			"fit", "shards", "model", "--arch", "wide", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='sgd'", "--iterations", "1", "--replace",
		}, flags...)...)
		t.Logf("%v: packed in %v, trained in %v", flags, packed.Round(time.Second), (time.Since(began) - packed).Round(time.Second))
		got := [2]string{u.shown("packed_words"), u.weights("model")}
		if i == 0 {
			want = got
		}
		if got != want {
			t.Errorf("%s: the packed rows and the weights have the SHA-256 %q, on the direct runner %q", e.name, got, want)
		}
	}
}

// words makes the table words, of 108,000 rows.
func (u user) words(t *testing.T) {
	t.Helper()
	var rows bytes.Buffer
	fmt.Fprintln(&rows, "id,word,label")
	for i := range 108_000 {
		fmt.Fprintf(&rows, "%d,word%d,%d\n", i, i*7919%100_003, i%3)
	}
	file := filepath.Join(t.TempDir(), "words.csv")
	if err := os.WriteFile(file, rows.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	u.beamfit("import", file, "words", "--types", "id integer, word text, label integer")
}

// packWords is the command that packs them: 433 MB.
func packWords(output string) []string {
	return []string{
		"preprocess", "words", output, "--dependent", "label", "--independent", "hash(word, 1000)", "--shards", "2", "--buffer-size", "5000", "--replace",
	}
}

// shown is the SHA-256 of a large table as show prints it.
func (u user) shown(name string) string {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	sum := sha256.New()
	cmd := u.command(ctx, "show", name, "--format", "csv")
	cmd.Stdout = sum
	if err := cmd.Run(); err != nil {
		u.t.Fatalf("beamfit show %s: %v", name, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// veryWideModelFile is a network for the iris data with two million weights.
func veryWideModelFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wide.json")
	model := `{"class_name": "Sequential", "keras_version": "2.2.4", "config": [
		{"class_name": "Dense", "config": {"name": "a", "units": 1400, "activation": "relu", "batch_input_shape": [null, 4]}},
		{"class_name": "Dense", "config": {"name": "b", "units": 1400, "activation": "relu"}},
		{"class_name": "Dense", "config": {"name": "c", "units": 3, "activation": "softmax"}}]}`
	if err := os.WriteFile(path, []byte(model), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
