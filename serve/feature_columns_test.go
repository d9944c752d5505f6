package serve

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// flatJSON is a network of 5 numbers.
const flatJSON = `{"class_name": "Sequential", "config": {"name": "flats", "layers": [
	{"class_name": "Dense", "config": {"name": "sold", "units": 2, "activation": "softmax", "batch_input_shape": [null, 5]}}]}}`

// A list of feature columns passes through training_preprocessor_dl, and what is learned of them through the other functions: there it is ”, the list
// again, and no other one.
func TestFeatureColumns(t *testing.T) {
	s := start(t, nil)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, c, `CREATE TABLE flats AS SELECT i AS id, i % 7 AS area, nullif(i % 5, 0) AS rooms, (ARRAY['Bonn', 'Ulm', 'Rome'])[i % 3 + 1] AS city, (i % 3 = 1) AS sold
		FROM generate_series(0, 59) i`)
	run(t, c, "SET beamfit.seed = 7")
	const list = "'standardise(area, mean(rooms)), city'"
	run(t, c, "SELECT madlib.training_preprocessor_dl('flats', 'p', 'sold', "+list+")")
	if got := ask(t, c, "SELECT independent_varname FROM p_summary"); got != "{features}" {
		t.Errorf("independent variables %s", got)
	}
	run(t, c, "SELECT madlib.validation_preprocessor_dl('flats', 'v', '', '', 'p')")
	run(t, c, "SELECT madlib.validation_preprocessor_dl('flats', 'again', 'sold', "+list+", 'p')")
	_, err := c.Exec(t.Context(), "SELECT madlib.validation_preprocessor_dl('flats', 'other', 'sold', 'area, rooms, city', 'p')")
	wantError(t, err, "P0001", "area, rooms, city are not the independent variables")
	if got := ask(t, c, "SELECT count(*) FROM (SELECT * FROM v INTERSECT SELECT * FROM again) x"); got != "1" {
		t.Errorf("%s buffers of v and again are the same, want 1", got)
	}
	run(t, c, "SELECT madlib.load_keras_model('arch', $1::json)", flatJSON)
	run(t, c, "SELECT madlib.madlib_keras_fit('p', 'm', 'arch', 1, $1, 'batch_size=10, epochs=5', 8)", "loss='categorical_crossentropy', optimizer=Adam(learning_rate=0.2), metrics=['accuracy']")
	run(t, c, "SELECT madlib.madlib_keras_evaluate('m', 'v', 'e')")
	if got := ask(t, c, "SELECT metric FROM e"); got != "1" {
		t.Errorf("accuracy %s", got)
	}
	run(t, c, "SELECT madlib.madlib_keras_predict('m', 'flats', 'id', '', 'r', 'response')")
	run(t, c, "SELECT madlib.madlib_keras_predict('m', 'flats', '', "+list+", 'n', 'response')")
	for _, join := range []string{"r ON r.id = flats.id", "n ON n.row_number = flats.id + 1"} {
		if got := ask(t, c, "SELECT count(*) FROM flats JOIN "+join+" WHERE class_value::boolean = sold"); got != "60" {
			t.Errorf("%s: %s rows are right", join, got)
		}
	}
}
