package pipelines

import (
	"encoding/binary"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// twoByTwo has two inputs and two outputs.
const twoByTwo = `{"class_name": "Model", "keras_version": "2.1.6", "config": {"name": "two",
 "layers": [
  {"class_name": "InputLayer", "name": "flower", "config": {"name": "flower", "batch_input_shape": [null, 4], "dtype": "float32"}, "inbound_nodes": []},
  {"class_name": "InputLayer", "name": "petal", "config": {"name": "petal", "batch_input_shape": [null, 1, 2], "dtype": "float32"}, "inbound_nodes": []},
  {"class_name": "Flatten", "name": "flat", "config": {"name": "flat"}, "inbound_nodes": [[["petal", 0, 0, {}]]]},
  {"class_name": "Dense", "name": "kind", "config": {"name": "kind", "units": 3, "activation": "softmax"}, "inbound_nodes": [[["flower", 0, 0, {}]]]},
  {"class_name": "Dense", "name": "setosa", "config": {"name": "setosa", "units": 2, "activation": "softmax"}, "inbound_nodes": [[["flat", 0, 0, {}]]]}],
 "input_layers": [["flower", 0, 0], ["petal", 0, 0]], "output_layers": [["kind", 0, 0], ["setosa", 0, 0]]}}`

// packTwo writes a packed table with two independent and two dependent variables, whose names need quotes.
func packTwo(t testing.TB, store table.Store, name string, rows []example) {
	t.Helper()
	var x, petal, y, setosa []byte
	for _, r := range rows {
		for i, a := range r.attributes {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(a)))
			if i >= 2 {
				petal = binary.LittleEndian.AppendUint32(petal, math.Float32bits(float32(a)))
			}
		}
		for _, c := range irisClasses {
			one := uint16(0)
			if c == r.class {
				one = 1
			}
			y = binary.LittleEndian.AppendUint16(y, one)
		}
		label := []uint16{1, 0}
		if r.class == irisClasses[0] {
			label = []uint16{0, 1}
		}
		for _, l := range label {
			setosa = binary.LittleEndian.AppendUint16(setosa, l)
		}
	}
	n := len(rows)
	ints := table.Int32ArrayType
	writeTable(t, store, name, table.Schema{
		{Name: "attributes", Type: table.BytesType},
		{Name: "The Petal", Type: table.BytesType},
		{Name: "Class; text", Type: table.BytesType},
		{Name: "setosa", Type: table.BytesType},
		{Name: "attributes_shape", Type: ints},
		{Name: "The Petal_shape", Type: ints},
		{Name: "Class; text_shape", Type: ints},
		{Name: "setosa_shape", Type: ints},
		{Name: "buffer_id", Type: table.Int32Type},
	}, []any{x, petal, y, setosa, []int{n, 4}, []int{n, 1, 2}, []int{n, 3}, []int{n, 2}, 0})
	writeTable(t, store, name+"_summary", table.Schema{
		{Name: "dependent_varname", Type: table.TextArrayType},
		{Name: "independent_varname", Type: table.TextArrayType},
		{Name: "dependent_vartype", Type: table.TextArrayType},
		{Name: "Class; text_class_values", Type: table.TextArrayType},
		{Name: "setosa_class_values", Type: table.BoolType.ArrayOf()},
		{Name: "normalizing_const", Type: table.Float32Type},
	}, []any{
		[]string{`"Class; text"`, "SETOSA"},
		[]string{"Attributes", `"The Petal"`},
		[]string{"text", "boolean"},
		irisClasses,
		[]bool{false, true},
		float32(1),
	})
}

// TestOutputLosses: callbacks see the loss of each output, under Keras' names and without loss weights.
func TestOutputLosses(t *testing.T) {
	store, folder := fileStore(t), t.TempDir()
	packTwo(t, store, "two", iris(t))
	opt := FitOptions{
		Source: "two", Model: "model", Arch: []byte(twoByTwo), Iterations: 12, Seed: 1, Validation: "two", FilesBelow: folder,
		Compile: "optimizer=SGD(learning_rate=0.05), loss='categorical_crossentropy', loss_weights=[2.0, 0.5]",
		Fit:     "batch_size=10, callbacks=[CSVLogger('log.csv'), EarlyStopping(monitor='val_setosa_loss', min_delta=0.05, patience=1)]",
	}
	res, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(folder, "log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(row int, name string) float64 {
		x, err := strconv.ParseFloat(lines[row][slices.Index(lines[0], name)], 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	best, waited := math.Inf(1), 0
	for row := 1; row < len(lines); row++ {
		for _, prefix := range []string{"", "val_"} {
			if sum := 2*at(row, prefix+"kind_loss") + 0.5*at(row, prefix+"setosa_loss"); math.Abs(sum-at(row, prefix+"loss")) > 1e-5 {
				t.Errorf("line %d of %v: the losses of the outputs make %v", row, lines, sum)
			}
		}
		if loss := at(row, "val_setosa_loss"); loss+0.05 < best {
			best, waited = loss, 0
		} else {
			waited++
		}
		if stops := waited == 1; stops != (row == res.StoppedAfter) {
			t.Errorf("line %d of %v: stopped after %d", row, lines, res.StoppedAfter)
		}
	}
	if res.StoppedAfter == 0 || len(lines) != 1+res.StoppedAfter {
		t.Errorf("stopped after %d of %d lines", res.StoppedAfter, len(lines))
	}
	opt.Model, opt.Fit = "none", "callbacks=[EarlyStopping(monitor='petal_loss')]"
	_, err = Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "monitor=petal_loss: there is no such value", "kind_loss", "setosa_loss")
}

func TestSeveralInputsAndOutputs(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		rows := iris(t)
		packTwo(t, store, "two", rows)
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: []byte(twoByTwo)}); err != nil {
			t.Fatal(err)
		}
		fitted, err := Fit(t.Context(), env, FitOptions{
			Source: "two", Model: "model", ArchTable: "arch", ID: 1, Iterations: 3, Seed: 1,
			Compile: "optimizer=Adam(learning_rate=0.05), loss='categorical_crossentropy', metrics=['accuracy', 'mse']", Fit: "batch_size=10, epochs=2",
		})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range fitted.TrainingMetrics {
			names = append(names, m.Name)
		}
		if d := cmp.Diff([]string{"kind_accuracy", "kind_mse", "setosa_accuracy", "setosa_mse"}, names); d != "" {
			t.Error(d)
		}
		b := readTable(t, store, "model_summary")
		for column, want := range map[string]string{
			"dependent_varname": `{"\"Class; text\"",SETOSA}`, "independent_varname": `{Attributes,"\"The Petal\""}`, "dependent_vartype": "{text,boolean}",
			"num_classes": "{3,2}", "metrics_type": "{accuracy,mse}",
			"Class; text_class_values": "{Iris-setosa,Iris-versicolor,Iris-virginica}", "setosa_class_values": "{f,t}",
		} {
			if text, _ := table.FormatValue(b.Col(column), 0); text != want {
				t.Errorf("%s is %s, want %s", column, text, want)
			}
		}
		if m := b.Col("training_metrics_final").Float64s[0]; m != fitted.TrainingMetrics[0].Value {
			t.Errorf("the metric is %v, want the first output's of %v", m, fitted.TrainingMetrics)
		}
		if a := fitted.TrainingMetrics[2].Value; a < 0.9 {
			t.Errorf("accuracy of setosa %v", a)
		}

		evaluated, err := Evaluate(t.Context(), env, EvaluateOptions{Model: "model", Test: "two", Output: "evaluated"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(EvaluateResult{Loss: fitted.TrainingLoss, Metrics: fitted.TrainingMetrics}, evaluated); d != "" {
			t.Error(d)
		}

		var out [][]any
		for _, r := range rows {
			petal := table.Array{Elems: []any{r.attributes[2], r.attributes[3]}, Shape: []int{1, 2}}
			out = append(out, []any{r.id, r.attributes, petal})
		}
		writeTable(t, store, "rows", table.Schema{{Name: "id", Type: table.Int64Type}, {Name: "attributes", Type: table.Float64ArrayType}, {Name: "petal", Type: table.Float64ArrayType}}, out...)
		predicted, err := Predict(t.Context(), env, PredictOptions{Model: "model", Test: "rows", Output: "predicted", IDColumn: "id", Independent: "attributes, petal", Type: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if want := (PredictResult{Rows: 150, Predictions: 300}); predicted != want {
			t.Errorf("%+v", predicted)
		}
		right := 0
		for _, line := range predictions(t, store, "predicted") {
			f := strings.Split(line, "|")
			switch f[1] {
			case "Class; text":
			case "setosa":
				var id int
				for _, r := range rows {
					if text := f[0]; text == table.FloatText(float64(r.id), 64) {
						id = r.id
					}
				}
				if (f[2] == "true") == (id <= 50) {
					right++
				}
			default:
				t.Errorf("class_name %q", f[1])
			}
			if f[4] != "1" {
				t.Errorf("rank %s", f[4])
			}
		}
		if right < 135 {
			t.Errorf("%d of 150 right", right)
		}

		// inputs that are changed round have other shapes
		_, err = Predict(t.Context(), env, PredictOptions{Model: "model", Test: "rows", Output: "round", IDColumn: "id", Independent: "petal, attributes"})
		wantError(t, err, `"petal"`, "row 1", "[1 2]", "[4]")
		packIris(t, store, "single", rows, packing{})
		_, err = Fit(t.Context(), env, FitOptions{Source: "single", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: irisCompile})
		wantError(t, err, "2 inputs", "single", "1 independent variable (attributes)")
	})
}
