package params

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ignorePos = cmpopts.IgnoreFields(Call{}, "Pos", "Text", "Called")

func TestParseCompile(t *testing.T) {
	adam := Call{Name: "adam"}
	mse := []Call{{Name: "mse"}}
	tests := []struct {
		text string
		want Compile
	}{
		{ // the page's example, verbatim
			" loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy'] ",
			Compile{Optimizer: adam, Loss: []Call{{Name: "categorical_crossentropy"}}, LossText: "categorical_crossentropy", Metrics: []Call{{Name: "categorical_accuracy"}}},
		},
		{`loss=mse,optimizer=adam`, Compile{Optimizer: adam, Loss: mse, LossText: "mse"}},
		{"optimizer =\n\t\"adam\" ,\n loss = \"mse\",\n", Compile{Optimizer: adam, Loss: mse, LossText: "mse"}},
		{`optimizer='Adam()', loss='mse', metrics=[]`, Compile{Optimizer: Call{Name: "Adam"}, Loss: mse, LossText: "mse"}},
		{
			`optimizer=SGD(lr=.01, decay=1e-6, momentum=0.9, nesterov=True,), loss='mse', metrics=None, loss_weights=None, weighted_metrics=None, sample_weight_mode=None`,
			Compile{Optimizer: Call{Name: "SGD", Args: map[string]Value{"lr": 0.01, "decay": 1e-6, "momentum": 0.9, "nesterov": true}}, Loss: mse, LossText: "mse"},
		},
		{
			"model.compile(\n    optimizer=keras.optimizers.Adam(learning_rate=1e-3/2),  # half\n    loss=\"mse\",\n    loss_weights=1.0,\n)  ;\n",
			Compile{Optimizer: Call{Name: "Adam", Args: map[string]Value{"learning_rate": 0.0005}}, Loss: mse, LossText: "mse", LossWeights: []float64{1}},
		},
		{`self.net.compile('adam', 'mse')`, Compile{Optimizer: adam, Loss: mse, LossText: "mse"}},
		{
			`loss='mse', optimizer="Adam(lr=1, epsilon=None, amsgrad=False)"`,
			Compile{Optimizer: Call{Name: "Adam", Args: map[string]Value{"lr": int64(1), "epsilon": nil, "amsgrad": false}}, Loss: mse, LossText: "mse"},
		},
		{
			`optimizer=SGD(learning_rate=PiecewiseConstantDecay(boundaries=[10, 20], values=(0.1, -.5e1, +2.)), name='x\'y'), loss=mse`,
			Compile{Optimizer: Call{Name: "SGD", Args: map[string]Value{
				"learning_rate": Call{Name: "PiecewiseConstantDecay", Args: map[string]Value{
					"boundaries": []Value{int64(10), int64(20)}, "values": []Value{0.1, -5.0, 2.0},
				}},
				"name": "x'y",
			}}, Loss: mse, LossText: "mse"},
		},
		{
			`optimizer=adam, loss=['mse', "mae"], loss_weights=[1, 0.5], metrics=['acc', 'AUC', TopKCategoricalAccuracy(k=3)], weighted_metrics=[]`,
			Compile{
				Optimizer: adam, Loss: []Call{{Name: "mse"}, {Name: "mae"}}, LossText: `['mse', "mae"]`, LossWeights: []float64{1, 0.5},
				Metrics: []Call{{Name: "acc"}, {Name: "AUC"}, {Name: "TopKCategoricalAccuracy", Args: map[string]Value{"k": int64(3)}}},
			},
		},
		{
			`optimizer=adam, loss={'first': mse, 'second': CategoricalCrossentropy(label_smoothing=0.1)}, loss_weights={'second': 2, 'first': 0.25}`,
			Compile{
				Optimizer: adam, LossOutputs: []string{"first", "second"},
				Loss:              []Call{{Name: "mse"}, {Name: "CategoricalCrossentropy", Args: map[string]Value{"label_smoothing": 0.1}}},
				LossText:          `{'first': mse, 'second': CategoricalCrossentropy(label_smoothing=0.1)}`,
				LossWeightsByName: map[string]float64{"first": 0.25, "second": 2},
			},
		},
		{
			`optimizer=adam, loss=mse, metrics={'first': 'acc', 'second': ['mae', AUC(200)], 'third': None}`,
			Compile{Optimizer: adam, Loss: mse, LossText: "mse", OutputMetrics: []OutputMetrics{
				{"first", []Call{{Name: "acc"}}},
				{"second", []Call{{Name: "mae"}, {Name: "AUC", Positional: []Value{int64(200)}}}},
				{"third", nil},
			}},
		},
		{
			`optimizer=adam, loss=mse, metrics=[['acc'], 'mae']`,
			Compile{Optimizer: adam, Loss: mse, LossText: "mse", OutputMetrics: []OutputMetrics{{"", []Call{{Name: "acc"}}}, {"", []Call{{Name: "mae"}}}}},
		},
		{ // as pasted from Python
			"optimizer=tf.keras.optimizers.Adam(1e-3, name='a'),\n\tloss=tf.keras.losses.BinaryCrossentropy(True),\n\tmetrics='accuracy', run_eagerly=False, jit_compile=True",
			Compile{
				Optimizer: Call{Name: "Adam", Positional: []Value{1e-3}, Args: map[string]Value{"name": "a"}}, Loss: []Call{{Name: "BinaryCrossentropy", Positional: []Value{true}}},
				LossText: "tf.keras.losses.BinaryCrossentropy(True)", Metrics: []Call{{Name: "accuracy"}}, Notices: []string{"compile_params: jit_compile changes nothing: it says how Keras computes"},
			},
		},
		{
			`optimizer="keras.optimizers.SGD(0.01, momentum=0.9)", loss='mse', metrics=('mae', tf.keras.metrics.AUC(), keras.metrics.mse)`,
			Compile{
				Optimizer: Call{Name: "SGD", Positional: []Value{0.01}, Args: map[string]Value{"momentum": 0.9}}, Loss: mse, LossText: "mse",
				Metrics: []Call{{Name: "mae"}, {Name: "AUC"}, {Name: "mse"}},
			},
		},
		{`'adam', "mse",`, Compile{Optimizer: adam, Loss: mse, LossText: "mse"}},
		{`adam, loss='mse', metrics=['mae']`, Compile{Optimizer: adam, Loss: mse, LossText: "mse", Metrics: []Call{{Name: "mae"}}}},
		{
			"# 'how'\noptimizer=keras.optimizers.Adam(1_0.5_0e-0_1, name='#\\'#'),  # it's \"Adam\"\nloss=mse # ü",
			Compile{Optimizer: Call{Name: "Adam", Positional: []Value{1.05}, Args: map[string]Value{"name": "#'#"}}, Loss: mse, LossText: "mse"},
		},
		{
			`optimizer=mixed_precision.LossScaleOptimizer(adam_v2.Adam(1_000)), loss=tf.keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.AUTO)`,
			Compile{
				Optimizer: Call{Name: "LossScaleOptimizer", Positional: []Value{Call{Name: "Adam", Positional: []Value{int64(1000)}}}},
				Loss:      []Call{{Name: "MeanSquaredError", Args: map[string]Value{"reduction": Call{Name: "AUTO"}}}},
				LossText:  "tf.keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.AUTO)",
			},
		},
		{`optimizer=('adam'), loss=(mse)`, Compile{Optimizer: adam, Loss: mse, LossText: "mse"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParseCompile(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, ignorePos); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCallPositions(t *testing.T) {
	const text = `loss="mse", optimizer= "Adam(lr=1)", metrics=["acc", 'mae']`
	c, err := ParseCompile(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []Call{c.Optimizer, c.Loss[0], c.Metrics[0], c.Metrics[1]} {
		if !strings.HasPrefix(text[call.Pos:], call.Name) {
			t.Errorf("%s is said to be at %d: %s", call.Name, call.Pos, text[call.Pos:])
		}
	}
}

// A refusal is a text in which ^ stands before the place that the error must show, and what the error must say.
type refusal struct{ text, want string }

func (r refusal) check(t *testing.T, read func(string) error) {
	t.Helper()
	pos := strings.IndexByte(r.text, '^')
	text := r.text[:pos] + r.text[pos+1:]
	var problem *Error
	if err := read(text); err == nil {
		t.Fatalf("accepted: %s", text)
	} else if !errors.As(err, &problem) {
		t.Fatalf("not an *Error: %v", err)
	}
	if problem.Pos != pos || !strings.Contains(problem.Msg, r.want) {
		t.Errorf("error is\n%v\nand should say %q at %d", problem, r.want, pos)
	}
}

func TestRefusedCompile(t *testing.T) {
	tests := []refusal{
		{`^`, `optimizer is missing`},
		{"  \n ^", `optimizer is missing`},
		{`loss='mse'^`, `optimizer is missing`},
		{`optimizer='adam'^`, `loss is missing`},
		{`loss='mse', ^loss='mae', optimizer='adam'`, `loss is given twice`},
		{`^Loss='mse'`, `Loss is not supported (known: optimizer, loss, metrics, loss_weights, weighted_metrics, sample_weight_mode)`},
		{`loss='mse', optimizer='adam', ^eagerly=True`, `eagerly is not supported`},
		{`abc^`, `loss is missing`},
		{`'adam', mse, ^['mae']`, `expected name=value, found '['`},
		{`'adam', ^optimizer='sgd', loss='mse'`, `optimizer is given twice, with its name and without`},
		{`^=3`, `expected a value, found '='`},
		{`loss=a^=mse`, `expected a comma, found '='`},
		{`loss='mse' ^optimizer='adam'`, `expected a comma, found optimizer`},
		{`loss='mse',^, optimizer='adam'`, `expected name=value, found ','`},
		{`loss=^, optimizer='adam'`, `expected a value, found ','`},
		{`loss=^`, `expected a value, found the end of the text`},
		{`loss=^'mse, optimizer=adam`, `not closed`},
		{"loss=^'mse\n', optimizer=adam", `not closed on its line`},
		{`loss='mse'^'mae', optimizer=adam`, `expected a comma, found another text`},
		{`loss=^'''mse''', optimizer=adam`, `triple quotes are not supported`},
		{`loss=^r'mse', optimizer=adam`, `a prefix before a text is not supported`},
		{`loss='ms^\x65', optimizer=adam`, `escape \x is not supported`},
		{`loss=^'', optimizer=adam`, `loss must be a name, found ""`},
		{`loss=^'ms\'e', optimizer=adam`, `loss must be a name, found "ms'e"`},
		{`loss='mse ^mae', optimizer=adam`, `expected the end of the quoted loss, found mae`},
		{`loss='^3', optimizer=adam`, `loss must be a name such as 'x', or a call such as X(key=value), found an integer`},
		{`loss=^None, optimizer=adam`, `loss must be a name such as 'x', or a call such as X(key=value), found None`},
		{`loss=^[], optimizer=adam`, `loss is empty`},
		{`loss={^1: 'mse'}, optimizer=adam`, `loss must name outputs by text, found an integer`},
		{`loss=^mine.mse, optimizer=adam`, `mine is no module of Keras`},
		{`loss='^tf.mine.mse', optimizer=adam`, `tf.mine is no module of Keras`},
		{`loss=mse, optimizer=^tfa.optimizers.LAMB(lr=0.1)`, `tfa is no module of Keras`},
		{`loss='^get', optimizer=adam`, `loss get is a function of Keras' modules`},
		{`loss=mse, optimizer=Adam(lr=1, ^0.1)`, `expected name=value, found '0'`},
		{`loss=mse, optimizer=Adam(lr=0.1, ^lr=0.2)`, `lr is given twice`},
		{`loss=mse, optimizer=Adam(lr=0.1^`, `expected a comma or ')', found the end of the text`},
		{`loss=mse, optimizer='Adam(lr=0.1^'`, `expected a comma or ')', found the end of the text`},
		{`loss=mse, optimizer=Adam(lr=0.1^]`, `expected a comma or ')', found ']'`},
		{`loss=mse, optimizer=^['adam']`, `optimizer must be a name such as 'x', or a call such as X(key=value), found a list`},
		{`loss=mse, optimizer=adam, metrics=^3`, `metrics must be a list such as ['accuracy'], or a dict by output name, found an integer`},
		{`loss=mse, optimizer=adam, metrics=^acc`, `metrics must be a list such as ['accuracy'], or a dict by output name, found a name`},
		{`loss=mse, optimizer=adam, metrics={^1: 'acc'}`, `metrics must name outputs by text, found an integer`},
		{`loss=mse, optimizer=adam, metrics={'a': [^acc]}`, `metric acc must stand in quotes: 'acc'`},
		{`loss=mse, optimizer=adam, metrics={'a': ^3}`, `metric must be a name such as 'x'`},
		{`loss=mse, optimizer=adam, metrics=[^acc]`, `metric acc must stand in quotes: 'acc'`},
		{`loss=mse, optimizer=adam, metrics=[[^['acc']]]`, `metric must be a name such as 'x', or a call such as X(key=value), found a list`},
		{`loss=mse, optimizer=adam, metrics=['acc', '^deserialize']`, `metric deserialize is a function`},
		{`loss=mse, optimizer=adam, loss_weights=^True`, `loss_weights must be a number, or a list or dict of numbers, found a boolean`},
		{`loss=['mse', 'mse'], optimizer=adam, loss_weights=^0.5`, `loss_weights has 1 entries, loss has 2`},
		{`loss=mse, optimizer=adam, loss_weights=[^'1']`, `a loss weight must be a number, found a text`},
		{`loss=mse, optimizer=adam, loss_weights=[^True]`, `a loss weight must be a number, found a boolean`},
		{`loss=mse, optimizer=adam, loss_weights={^1: 1}`, `loss_weights must name outputs by text, found an integer`},
		{`loss=['mse', 'mse'], optimizer=adam, loss_weights=^[1, 2, 3]`, `loss_weights has 3 entries, loss has 2`},
		{`loss=mse, optimizer=adam, weighted_metrics=^3`, `weighted_metrics must be a list such as ['accuracy'], or a dict by output name, found an integer`},
		{`loss=mse, optimizer=adam, weighted_metrics={^1: 'acc'}`, `weighted_metrics must name outputs by text, found an integer`},
		{`loss=mse, optimizer=adam, sample_weight_mode=^'temporal'`, `sample_weight_mode is not supported, only None`},
		{`loss=mse, optimizer=A(x={1: 2, ^1: 3})`, `key 1 is given twice`},
		{`loss=mse, optimizer=A(x={1 ^2})`, `expected : after the key 1, found '2'`},
		{`loss=mse, optimizer=A(x={^[1]: 2})`, `the key of a dict must be a literal, found a list`},
		{`loss=mse, optimizer=A(x=[1 ^2])`, `expected a comma or ']', found '2'`},
		{`loss=mse, optimizer=A(x=^1.2.3)`, `malformed number`},
		{`loss=mse, optimizer=A(x=^0x1F)`, `malformed number`},
		{`loss=mse, optimizer=A(x=^1e)`, `has no exponent`},
		{`loss=mse, optimizer=A(x=-^)`, `expected a value, found ')'`},
		{`loss=mse, optimizer=A(x=^007)`, `an integer may not start with 0`},
		{`loss=mse, optimizer=A(x=^99999999999999999999)`, `is out of range`},
		{`loss=mse, optimizer=A(x=^1e999)`, `is out of range`},
		{`loss=mse, optimizer=A(x=2^//3)`, `the operator // is not supported (known: + - * / **)`},
		{`loss=mse, optimizer=A(x=2^%3)`, `the operator % is not supported`},
		{`loss=mse, optimizer=A(x=2*^'a')`, `* is for numbers, found a text`},
		{`loss=mse, optimizer=A(x=^[0]*3)`, `* is for numbers, found a list`},
		{`loss=mse, optimizer=A(x=^True+1)`, `+ is for numbers, found a boolean`},
		{`loss=mse, optimizer=A(x=-^rate)`, `- is for numbers, found a name`},
		{`loss=mse, optimizer=A(x=1^/0)`, `division by zero`},
		{`loss=mse, optimizer=A(x=1.0^/(1-1))`, `division by zero`},
		{`loss=mse, optimizer=A(x=0^**-1)`, `0 has no negative power`},
		{`loss=mse, optimizer=A(x=(-8)^**0.5)`, `a negative number has no fractional power that is a float`},
		{`loss=mse, optimizer=A(x=2^**63)`, `the result is out of range`},
		{`loss=mse, optimizer=A(x=9**9**9^**9**9)`, `the result is out of range`},
		{`loss=mse, optimizer=A(x=10.0^**309)`, `the result is out of range`},
		{`loss=mse, optimizer=A(x=9223372036854775807^+1)`, `the result is out of range`},
		{`loss=mse, optimizer=A(x=1` + strings.Repeat("+1", MaxOperators) + `^+1)`, `more than 1000 operators`},
		{`^model.fit(x, y)`, `expected the arguments of compile, found a call of fit`},
		{`model.compile('adam', 'mse'^`, `expected ) at the end of the call of model.compile`},
		{`model.compile('adam', 'mse'^); model.summary()`, `expected a comma, found ')'`},
		{`loss=mse, optimizer=A(x=a.^3)`, `expected a name, found '3'`},
		{"loss=mse # 'comment'\n, ^3", `expected name=value, found '3'`},
		{`loss=mse, optimizer=A(x=^1__0)`, `malformed number`},
		{`loss=mse, optimizer=A(x=^10_)`, `malformed number`},
		{`loss=` + strings.Repeat("[", 32) + `^` + strings.Repeat("[", 100), `brackets nest deeper than 32`},
		{`^` + strings.Repeat(" ", MaxBytes+1), `more than 65536`},
		{"^loss='\xff'", `not valid UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.text[:min(len(tt.text), 80)], func(t *testing.T) {
			tt.check(t, func(text string) error { _, err := ParseCompile(text); return err })
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct{ text, want string }{
		{
			"loss='mse', optimizer='adam', speed=3",
			"compile_params, position 31: speed is not supported (known: optimizer, loss, metrics, loss_weights, weighted_metrics, sample_weight_mode)\n" +
				"  loss='mse', optimizer='adam', speed=3\n" +
				"                                ^",
		},
		{
			"loss='ä',\n\toptimizer=5,\n metrics=['acc']",
			"compile_params, line 2, position 12: optimizer must be a name such as 'x', or a call such as X(key=value), found an integer\n" +
				"  \toptimizer=5,\n" +
				"  \t          ^",
		},
		{
			"optimizer=ä, loss=" + strings.Repeat("ä", 100) + "!" + strings.Repeat("b", 100),
			"compile_params, position 119: expected a comma, found '!'\n" +
				"  ..." + strings.Repeat("ä", 60) + "!" + strings.Repeat("b", 59) + "...\n" +
				"  " + strings.Repeat(" ", 63) + "^",
		},
	}
	for _, tt := range tests {
		_, err := ParseCompile(tt.text)
		if err == nil {
			t.Errorf("accepted: %s", tt.text)
		} else if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzParseCompile(f *testing.F) {
	f.Add(`loss='categorical_crossentropy', optimizer='adam', metrics=['acc']`)
	f.Add(`optimizer="SGD(lr=.01, nesterov=False)", loss={'a': mse, 'b': X(y=(1, [2.5e-3], {}))}, loss_weights={'a': -1}`)
	f.Add("loss=losses.mse,\n\toptimizer=Adam(lr=None,), metrics=None,")
	f.Add(`optimizer=sgd, loss=['mse', ce], metrics={'a': ['acc', AUC(200, curve="PR")], 'b': None}`)
	f.Add(`optimizer=sgd, loss=mse, metrics=[['acc'], [], R2Score(class_aggregation=None)]`)
	f.Add(`optimizer=SGD(learning_rate=PiecewiseConstantDecay([2, 5], values=(0.1, .5, 1))), loss=Huber(delta=2)`)
	f.Add("history = model.compile(optimizer=SGD(1e-3/2, momentum=-(2**-3) + .5*2), loss_weights=1/3, loss='mse');\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCompile(text)
		checkOutcome(t, text, err)
		if err == nil && (c.Optimizer.Name == "" || len(c.Loss) == 0) {
			t.Fatalf("accepted without optimizer or loss: %q", text)
		}
	})
}

// checkOutcome checks that an error has a place in the text and can be shown.
func checkOutcome(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var problem *Error
	if !errors.As(err, &problem) || problem.Pos < 0 || problem.Pos > len(text) || problem.Error() == "" {
		t.Fatalf("%q: %#v", text, err)
	}
}
