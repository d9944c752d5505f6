package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// summaryColumns are those of the page's sample, in its order.
const summaryColumns = "source_table model dependent_varname independent_varname model_arch_table model_id compile_params " +
	"fit_params num_iterations validation_table object_table metrics_compute_frequency name description model_type model_size " +
	"start_training_time end_training_time metrics_elapsed_time madlib_version num_classes dependent_vartype normalizing_const " +
	"metrics_type loss_type training_metrics_final training_loss_final training_metrics training_loss validation_metrics_final " +
	"validation_loss_final validation_metrics validation_loss metrics_iters class_text_class_values"

// TestPageOnPostgreSQL runs the page's example by commands and then the page's own SELECT statements, unchanged, in psql.
func TestPageOnPostgreSQL(t *testing.T) {
	u := pgUser(t)
	u.irisPrepared("0")
	u.beamfit("fit", "iris_train_packed", "iris_model", "--arch", "model_arch_library", "--id", "1", "--compile", " "+compile, "--fit", " "+fitArgs, "--iterations", "10")
	u.beamfit("evaluate", "iris_model", "iris_test_packed", "iris_validate")
	u.beamfit("predict", "iris_model", "iris_test", "iris_predict", "--id-column", "id", "--independent", "attributes")

	expect := func(sql string, want ...string) {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(u.psql(sql)), "\n")
		got := lines[1 : len(lines)-1] // without header and count
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", sql, got, want)
		}
	}
	expect("SELECT COUNT(*) FROM iris_train;", "120")
	expect("SELECT COUNT(*) FROM iris_test", "30")
	expect("SELECT buffer_size FROM iris_train_packed_summary", "40")
	expect("SELECT buffer_size FROM iris_test_packed_summary", "10")
	expect("SELECT buffer_id, attributes_shape, class_text_shape, length(attributes), length(class_text) FROM iris_train_packed ORDER BY 1",
		"0|{40,4}|{40,3}|640|240", "1|{40,4}|{40,3}|640|240", "2|{40,4}|{40,3}|640|240")
	header := func(sql string) []string {
		return strings.Split(strings.SplitN(u.psql(sql), "\n", 2)[0], "|")
	}
	if got := header("SELECT * FROM iris_train_packed_summary"); !slices.Equal(got, strings.Fields("source_table output_table dependent_varname "+
		"independent_varname dependent_vartype class_text_class_values buffer_size normalizing_const num_classes distribution_rules __internal_gpu_config__ packed_format")) {
		t.Errorf("summary of the packed table has columns %q", got)
	}
	if got := header("SELECT * FROM iris_model_summary;"); !slices.Equal(got, strings.Fields(summaryColumns)) {
		t.Errorf("model summary has columns %q", got)
	}
	expect("SELECT model_size, compile_params, fit_params, num_classes, dependent_vartype, metrics_iters, model_type FROM iris_model_summary",
		"0.7900390625| "+compile+"| "+fitArgs+`|{3}|{"character varying"}|{10}|madlib_keras`)
	expect("SELECT length(model_weights) FROM iris_model", strconv.Itoa(4*193))
	expect("SELECT COUNT(*), min(rank), max(rank) FROM iris_predict", "90|1|3")
	expect("SELECT COUNT(*) FROM (SELECT id FROM iris_predict GROUP BY id HAVING abs(sum(prob) - 1) > 1e-6 OR array_agg(rank ORDER BY rank) <> '{1,2,3}') q", "0")

	count := func(sql string) string {
		return strings.Split(u.psql(sql), "\n")[1]
	}
	wrong, err := strconv.Atoi(count("SELECT COUNT(*) FROM iris_predict JOIN iris_test USING (id)\n" +
		"WHERE iris_predict.class_value != iris_test.class_text AND iris_predict.rank = 1;"))
	if err != nil {
		t.Fatal(err)
	}
	percent := count("SELECT round(count(*)*100/(150*0.2),2) as test_accuracy_percent from\n" +
		"    (select iris_test.class_text as actual, iris_predict.class_value as estimated\n" +
		"     from iris_predict inner join iris_test\n" +
		"     on iris_test.id=iris_predict.id where iris_predict.rank = 1) q\n" +
		"WHERE q.actual=q.estimated;")
	if want := fmt.Sprintf("%.2f", float64(30-wrong)*100/30); percent != want {
		t.Errorf("accuracy %s %%, expected %s %% from %d wrong of 30", percent, want, wrong)
	}
	metric, err := strconv.ParseFloat(count("SELECT metric FROM iris_validate"), 64)
	if err != nil {
		t.Fatal(err)
	}
	if got := strconv.FormatFloat(float64(float32(30-wrong)/30), 'f', -1, 32); strconv.FormatFloat(metric, 'f', -1, 32) != got {
		t.Errorf("evaluate says %v, the predictions say %s", metric, got)
	}

	// BYOM with the page's own UPDATE.
	u.psql("UPDATE model_arch_library\nSET model_weights = iris_model.model_weights\nFROM iris_model\nWHERE model_arch_library.model_id = 1;")
	u.beamfit("predict-byom", "model_arch_library", "1", "iris_test", "iris_predict_byom", "--id-column", "id", "--independent", "attributes",
		"--type", "response", "--classes", "Iris-setosa,Iris-versicolor,Iris-virginica", "--normalize", "1.0")
	expect("SELECT COUNT(*) FROM iris_predict_byom JOIN iris_test USING (id)\nWHERE iris_predict_byom.class_value != iris_test.class_text;", strconv.Itoa(wrong))
	expect("SELECT count(*) FROM iris_predict_byom b JOIN iris_predict p USING (id, class_value, prob) WHERE p.rank = 1", "30")
}

// TestMedianAccuracy trains 30 iterations with ten seeds; chance is 1/3.
func TestMedianAccuracy(t *testing.T) {
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			var accuracies []float64
			for seed := range 10 {
				u := open(t)
				s := strconv.Itoa(seed)
				u.irisPrepared(s)
				u.beamfit("fit", "iris_train_packed", "iris_model", "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--fit", fitArgs, "--iterations", "30", "--seed", s)
				u.beamfit("evaluate", "iris_model", "iris_test_packed", "iris_validate")
				lines := strings.Split(strings.TrimSpace(u.beamfit("show", "iris_validate", "--format", "csv")), "\n")
				a, err := strconv.ParseFloat(strings.Split(lines[1], ",")[1], 64)
				if err != nil {
					t.Fatal(err)
				}
				accuracies = append(accuracies, a)
			}
			slices.Sort(accuracies)
			if median := (accuracies[4] + accuracies[5]) / 2; median < 0.93 {
				t.Errorf("median test accuracy %v of %v, expected at least 0.93", median, accuracies)
			}
		})
	}
}
