package serve

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// townJSON is a network of a number and a town that it looks up itself.
const townJSON = `{"class_name": "Functional", "config": {"name": "m", "layers": [
	{"class_name": "InputLayer", "config": {"name": "area", "batch_input_shape": [null, 1], "dtype": "float32"}, "name": "area", "inbound_nodes": []},
	{"class_name": "InputLayer", "config": {"name": "town", "batch_input_shape": [null, 1], "dtype": "string"}, "name": "town", "inbound_nodes": []},
	{"class_name": "StringLookup", "config": {"name": "towns", "vocabulary": ["Bonn", "Ulm"], "output_mode": "one_hot"}, "name": "towns", "inbound_nodes": [[["town", 0, 0, {}]]]},
	{"class_name": "Concatenate", "config": {"name": "joined", "axis": -1}, "name": "joined", "inbound_nodes": [[["area", 0, 0, {}], ["towns", 0, 0, {}]]]},
	{"class_name": "Dense", "config": {"name": "sold", "units": 2, "activation": "softmax"}, "name": "sold", "inbound_nodes": [[["joined", 0, 0, {}]]]}],
	"input_layers": [["area", 0, 0], ["town", 0, 0]], "output_layers": [["sold", 0, 0]]}, "keras_version": "2.15.0", "backend": "tensorflow"}`

// Settings of a session tell training_preprocessor_dl the model that looks text up; the types are those of PostgreSQL.
func TestTextInputs(t *testing.T) {
	s := start(t, nil)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, c, "CREATE TYPE town AS ENUM ('Ulm', 'Rome', 'Bonn')")
	run(t, c, `CREATE TABLE flats AS SELECT i AS id, i % 7 AS area, (ARRAY['Bonn', 'Ulm', 'Rome']::town[])[i % 3 + 1] AS city, (i % 3 = 1) AS sold
		FROM generate_series(0, 59) i`)
	run(t, c, "SELECT madlib.load_keras_model('arch', $1::json)", townJSON)
	run(t, c, "SET beamfit.seed = 7")
	run(t, c, "SET beamfit.model_id = 1")
	_, err := c.Exec(t.Context(), "SELECT madlib.training_preprocessor_dl('flats', 'p', 'sold', 'area, city')")
	wantError(t, err, "22023", "model_id 1: the architecture table is missing")
	run(t, c, "SET beamfit.arch_table = 'arch'")
	_, err = c.Exec(t.Context(), "SELECT madlib.training_preprocessor_dl('flats', 'p', 'sold', 'area, onehot(city)')")
	wantError(t, err, "55000", `input "town" of the model takes text by its layer "towns" (StringLookup): found onehot(city), expected the column city itself`)
	run(t, c, "SELECT madlib.training_preprocessor_dl('flats', 'p', 'sold', 'area, city')")
	run(t, c, "SELECT madlib.validation_preprocessor_dl('flats', 'v', 'sold', 'area, city', 'p')") // the setting is of training rows alone
	run(t, c, "SELECT madlib.madlib_keras_fit('p', 'm', 'arch', 1, $1, 'batch_size=10, epochs=5', 8)", "loss='categorical_crossentropy', optimizer=Adam(learning_rate=0.2), metrics=['accuracy']")
	run(t, c, "SELECT madlib.madlib_keras_evaluate('m', 'v', 'e')")
	if got := ask(t, c, "SELECT metric FROM e"); got != "1" {
		t.Errorf("accuracy %s", got)
	}
	run(t, c, "SELECT madlib.madlib_keras_predict('m', 'flats', 'id', 'area, city', 'r', 'response')")
	run(t, c, "UPDATE arch SET model_weights = m.model_weights FROM m")
	run(t, c, "SELECT madlib.madlib_keras_predict_byom('arch', 1, 'flats', 'id', 'area, city', 'b', 'response', FALSE, ARRAY[ARRAY['f', 't']])")
	for _, out := range []string{"r", "b"} {
		if got := ask(t, c, "SELECT count(*) FROM flats JOIN "+out+" USING (id) WHERE class_value::boolean = sold"); got != "60" {
			t.Errorf("%s: %s rows are right", out, got)
		}
	}
}
