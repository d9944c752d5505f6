package params

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFit(t *testing.T) {
	defaults := func(change func(*Fit)) Fit {
		f := Fit{BatchSize: 32, Epochs: 1, Shuffle: true, Verbose: 1}
		change(&f)
		return f
	}
	tests := []struct {
		text string
		want Fit
	}{
		{``, defaults(func(*Fit) {})},
		{" \n", defaults(func(*Fit) {})},
		{` batch_size=5, epochs=3 `, defaults(func(f *Fit) { f.BatchSize, f.Epochs = 5, 3 })},
		{`batch_size=None, steps_per_epoch=None, class_weight=None, callbacks=None,`, defaults(func(*Fit) {})},
		{`epochs=10, initial_epoch=9, steps_per_epoch=4, callbacks=[]`, defaults(func(f *Fit) { f.Epochs, f.InitialEpoch, f.StepsPerEpoch = 10, 9, 4 })},
		{`shuffle=False`, defaults(func(f *Fit) { f.Shuffle = false })},
		{`shuffle=True`, defaults(func(*Fit) {})},
		{`shuffle='batch'`, defaults(func(f *Fit) { f.ShuffleBatches = true })},
		{`verbose=0`, defaults(func(f *Fit) { f.Verbose = 0 })},
		{`verbose=2`, defaults(func(f *Fit) { f.Verbose = 2 })},
		{`verbose=False`, defaults(func(f *Fit) { f.Verbose = 0 })},
		{`verbose='auto'`, defaults(func(*Fit) {})},
		{`class_weight={0: 1, 2: .5, 1: 0}`, defaults(func(f *Fit) { f.ClassWeight = map[int]float64{0: 1, 1: 0, 2: 0.5} })},
		{`callbacks=[keras.callbacks.EarlyStopping('loss', patience=2,), tf.keras.callbacks.TerminateOnNaN()]`, defaults(func(f *Fit) {
			f.Callbacks = []Call{
				{
					Name: "EarlyStopping", Positional: []Value{"loss"}, Args: map[string]Value{"patience": int64(2)}, Pos: 11, Called: true,
					Text: "keras.callbacks.EarlyStopping('loss', patience=2,)",
				},
				{Name: "TerminateOnNaN", Pos: 63, Called: true, Text: "tf.keras.callbacks.TerminateOnNaN()"},
			}
		})},
		{`callbacks=TerminateOnNaN()`, defaults(func(f *Fit) {
			f.Callbacks = []Call{{Name: "TerminateOnNaN", Pos: 10, Called: true, Text: "TerminateOnNaN()"}}
		})},
		{`validation_split=0.0, validation_freq=1, sample_weight=None, workers=1, x=None`, defaults(func(*Fit) {})},
		{`workers=4, use_multiprocessing=True`, defaults(func(f *Fit) {
			f.Notices = []string{
				"fit_params: workers changes nothing: --workers says how many cores are used",
				"fit_params: use_multiprocessing changes nothing: --workers says how many cores are used",
			}
		})},
		{`class_weight={'cat': 1, "it's": 2.5}`, defaults(func(f *Fit) { f.ClassWeightByValue = map[string]float64{"cat": 1, "it's": 2.5} })},
		{"history = model.fit(\n    batch_size=2**4 * 2,\n    epochs=3,  # passes\n    verbose=0,\n);  \n", defaults(func(f *Fit) { f.Epochs, f.Verbose = 3, 0 })},
		{`self.model.fit()`, defaults(func(*Fit) {})},
		{`class_weight={0: 1/4, 1: 10 - 2 * 3}`, defaults(func(f *Fit) { f.ClassWeight = map[int]float64{0: 0.25, 1: 4} })},
		{`class_weight={}`, defaults(func(f *Fit) { f.ClassWeight = map[int]float64{} })},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParseFit(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedFit(t *testing.T) {
	tests := []refusal{
		{`batch_size=^0`, `batch_size must be at least 1, found 0`},
		{`batch_size=^-3`, `batch_size must be at least 1, found -3`},
		{`batch_size=^5.0`, `batch_size must be an integer, found a float`},
		{`batch_size=^'5'`, `batch_size must be an integer, found a text`},
		{`batch_size=^True`, `batch_size must be an integer, found a boolean`},
		{`batch_size=^five`, `batch_size must be an integer, found a name`},
		{`batch_size=^3000000000`, `batch_size must be at most 2147483647`},
		{`epochs=^0`, `epochs must be at least 1, found 0`},
		{`epochs=^None`, `epochs must be an integer, found None`},
		{`epochs=3, ^epochs=4`, `epochs is given twice`},
		{`initial_epoch=^-1`, `initial_epoch must be at least 0`},
		{`initial_epoch=^3, epochs=3`, `initial_epoch 3 leaves no epoch to train: epochs is 3`},
		{`initial_epoch=^1`, `initial_epoch 1 leaves no epoch to train: epochs is 1`},
		{`steps_per_epoch=^0`, `steps_per_epoch must be at least 1`},
		{`verbose=^3`, `verbose must be 0, 1, 2 or 'auto'`},
		{`shuffle=^'rows'`, `shuffle must be True, False or 'batch'`},
		{`shuffle=^1`, `shuffle must be True, False or 'batch'`},
		{`class_weight=^[1, 2]`, `class_weight must be a dict such as {0: 1.0, 1: 2.5} or {'cat': 1.0, 'dog': 2.5}, found a list`},
		{`class_weight={0: 1, ^'a': 1}`, `a class of class_weight must be an integer, found a text`},
		{`class_weight={'a': 1, ^0: 1}`, `a class of class_weight must be a text as the first one is, found an integer`},
		{`class_weight={'a': ^-1}`, `a class weight must be at least 0, found -1`},
		{`validation_data=^(x, y)`, `validation_data is not supported: give a packed table with --validation`},
		{`validation_split=^0.2`, `validation_split is not supported: rows are shuffled when they are packed, so split the table first (beamfit split)`},
		{`validation_freq=^2`, `validation_freq is not supported: give --metrics-every`},
		{`sample_weight=^w`, `sample_weight is not supported: `},
		{`^validation_splits=0.2`, `validation_splits is not supported (the nearest of 8 known: `},
		{`class_weight={^-1: 1}`, `a class of class_weight must be at least 0`},
		{`class_weight={0: ^-1}`, `a class weight must be at least 0, found -1`},
		{`class_weight={0: ^None}`, `a class weight must be a number, found None`},
		{`class_weight={0: 1, ^0: 2}`, `key 0 is given twice`},
		{`callbacks=^'EarlyStopping'`, `callbacks must be a list such as [EarlyStopping(patience=3)], found a text`},
		{`callbacks=[EarlyStopping(), ^EarlyStopping]`, `a callback must be a call such as EarlyStopping(patience=3), found a name`},
		{`callbacks=[^'EarlyStopping()']`, `a callback must be a call such as EarlyStopping(patience=3), found a text`},
		{`callbacks=[keras.callbacks.^(x)]`, `expected a name, found '('`},
		{`batch_size=^keras.x`, `batch_size must be an integer, found a name`},
		{`callbacks=[], epochs=^keras.x`, `epochs must be an integer, found a name`},
		{`batch_size=^64/2`, `batch_size must be an integer, found a float`},
		{`model.fit(^x_train, y_train, epochs=3)`, `x is not supported: the rows are those of the packed table`},
		{`model.fit(None, ^y_train, epochs=3)`, `y is not supported: the labels are those of the packed table`},
		{`^model.compile('adam', 'mse')`, `expected the arguments of fit, found a call of compile`},
		{`^5`, `expected name=value, found '5'`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			tt.check(t, func(text string) error { _, err := ParseFit(text); return err })
		})
	}
}

func FuzzParseFit(f *testing.F) {
	f.Add(`batch_size=128, epochs=4, shuffle='batch', class_weight={0: 1, 1: 2.5}, verbose=0`)
	f.Add(`callbacks=[TensorBoard(log_dir="/tmp/logs/fit")]`)
	f.Add("model.fit(epochs=(2 + 3) * 2 ** 2, class_weight={1: 1.5 ** 0.5})")
	f.Fuzz(func(t *testing.T, text string) {
		fit, err := ParseFit(text)
		checkOutcome(t, text, err)
		if err == nil && (fit.BatchSize < 1 || fit.Epochs < 1 || fit.InitialEpoch >= fit.Epochs) {
			t.Fatalf("%q: %+v", text, fit)
		}
	})
}
