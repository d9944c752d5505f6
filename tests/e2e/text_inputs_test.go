package e2e

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTextInputs is a user's way with a model of Keras that takes text, from its file and a CSV, on both stores: the predictions and the loss are those that
// Keras has for the text (scripts/keras-fixtures/text_inputs.py). A fit that learns nothing leaves the weights as they are.
func TestTextInputs(t *testing.T) {
	var keras struct {
		Predictions []float64 `json:"predictions"`
		Loss        float64   `json:"mean_squared_error"`
	}
	text, err := os.ReadFile("testdata/texts/flats.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &keras); err != nil {
		t.Fatal(err)
	}
	const list = "[area, rooms], city, street, code, tags, words"
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			rows := func(table string) [][]string {
				path := filepath.Join(t.TempDir(), table+".csv")
				u.beamfit("export", table, path)
				f, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				all, err := csv.NewReader(f).ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				return all[1:]
			}
			number := func(text string) float64 {
				x, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			u.beamfit("import", "testdata/texts/flats.csv", "flats", "--types", "tags text[]")
			u.beamfit("load-model", "arch", "testdata/texts/flats.keras")
			out := u.beamfit("preprocess", "flats", "packed", "--dependent", "rent", "--independent", list, "--label-type", "numeric", "--arch", "arch", "--id", "1")
			for _, want := range []string{"input city has 1 number per row: city 1 (0 to 4)", "input tags has 3 numbers per row: tags 3 (0 to 4)", "input words has 12 numbers per row: words 12 (0 to 24)"} {
				if !strings.Contains(out, want) {
					t.Errorf("preprocess says %s, want %s", out, want)
				}
			}
			u.beamfit("preprocess", "flats", "test_packed", "--like", "packed")
			u.beamfit("fit", "packed", "still", "--arch", "arch", "--id", "1", "--iterations", "1", "--compile", "loss='mse', optimizer=SGD(learning_rate=0.0)")
			u.beamfit("evaluate", "still", "test_packed", "scores")
			if loss := number(rows("scores")[0][0]); math.Abs(loss-keras.Loss) > 1e-5*keras.Loss {
				t.Errorf("loss %v, Keras has %v", loss, keras.Loss)
			}
			u.beamfit("predict", "still", "flats", "predicted", "--id-column", "id")
			u.beamfit("predict-byom", "arch", "1", "flats", "own", "--id-column", "id", "--independent", list, "--label-type", "numeric")
			u.beamfit("predict-byom", "arch", "1", "flats", "likewise", "--id-column", "id", "--like", "still")
			for _, table := range []string{"predicted", "own", "likewise"} {
				all := rows(table)
				if len(all) != len(keras.Predictions) {
					t.Fatalf("%s has %d rows, Keras %d", table, len(all), len(keras.Predictions))
				}
				for _, row := range all {
					id, got := int(number(row[0])), number(row[2])
					if want := keras.Predictions[id]; math.Abs(got-want) > 1e-5 {
						t.Errorf("%s, row %d: %v, Keras has %v", table, id, got, want)
					}
				}
			}
			// What learns gets better, and another model's rows are refused.
			u.beamfit("fit", "packed", "model", "--arch", "arch", "--id", "1", "--iterations", "5", "--fit", "epochs=10", "--compile", "loss='mse', optimizer='adam'")
			u.beamfit("evaluate", "model", "test_packed", "better")
			if loss := number(rows("better")[0][0]); loss >= 0.9*keras.Loss {
				t.Errorf("the trained loss is %v, that of the file's weights %v", loss, keras.Loss)
			}
			u.beamfit("preprocess", "flats", "plain", "--dependent", "rent", "--independent", "[area, rooms], [city], [street], [code], [area, area, area], [area]", "--label-type", "numeric")
			_, err := u.try("fit", "plain", "no", "--arch", "arch", "--id", "1", "--iterations", "1", "--compile", "loss='mse', optimizer='adam'")
			if want := "run preprocess with --arch arch --id 1"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("fit of rows that are not for the model: %v", err)
			}
		})
	}
}
