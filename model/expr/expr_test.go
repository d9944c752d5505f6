package expr

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/model/params"
)

// bind parses a text and binds it to rows of 4 labels and outputs.
func bind(t *testing.T, text string) (*Program, error) {
	t.Helper()
	f, err := Parse("f", text)
	if err != nil {
		return nil, err
	}
	return f.Bind([]int{4}, []int{4}, nil)
}

// TestPrograms compares programs with what they should be: a name of an operation per node, and what is said of the whole.
func TestPrograms(t *testing.T) {
	for _, tt := range []struct {
		text, ops    string
		whole, slope bool
	}{
		{"y_pred", "output mean", false, true},
		{"y_true + y_pred", "labels output add mean", false, true},
		{"let a = y_pred * 2 in let b = a + a\nb", "output const multiply add mean", false, true},
		{"a = exp(y_pred); b = 3; sum(a * b, axis=1)", "output apply const multiply sum", false, true},
		{"2 * (3 + 4) * y_pred", "output const multiply mean", false, true},
		{"2 ** 3 ** 0 - y_pred", "output const subtract mean", false, true},
		{"-y_pred ** 2", "output const power const multiply mean", false, true},
		{"mean(y_pred) + 1", "output const mean add", false, true},
		{"2 * mean(y_pred) - mean(mean(y_true, axis=-1)) / 4", "labels output const const mean multiply mean divide subtract", false, true},
		{"mean(y_pred) * mean(y_true)", "labels output mean mean multiply spread", true, true},
		{"sum(y_pred)", "output sum spread", true, true},
		{"mean(y_pred - mean(y_true, axis=0))", "labels output mean subtract mean spread", true, true},
		{"flatten(y_pred)", "output reshape mean spread", true, true},
		{"softmax(y_pred, axis=0)", "output softmax mean", true, true},
		{"softmax(y_pred, axis=1)", "output softmax mean", false, true},
		{"expand_dims(y_pred, 0) - expand_dims(y_true, 1)", "labels output reshape reshape subtract mean spread", true, true},
		{"y_pred > 0.5", "output const compare mean", false, false},
		{"y_true", "labels mean", false, false},
		{"round(y_pred)", "output apply mean", false, false},
		{"stop_gradient(y_pred) * y_true", "labels output stop multiply mean", false, false},
		{"stop_gradient(y_true) * y_pred", "labels output stop multiply mean", false, true},
		{"argmax(y_pred) == argmax(y_true)", "labels output argmax argmax compare", false, false},
		{"where(True, y_pred, y_pred[:, 9])[:, 0]", "", false, false},
		{"y_pred[:, 1]", "output range reshape", false, true},
		{"y_pred[..., -1]", "output range reshape", false, true},
		{"y_pred[:, :]", "output mean", false, true},
		{"y_pred[:, None, 1:3]", "output reshape range mean", false, true},
		{"clip(y_pred, None, 1)", "output const minimum mean", false, true},
		{"(y_pred > 0) & ~(y_true == 1) | (y_pred < 9)", "", false, false},
		{"def f(a, b): return a * b", "labels output multiply mean", false, true},
		{"from keras.ops import exp as e, sum\ndef f(a, b): return e(abs(b)) * pow(sum(a, axis=1, keepdims=True), 2)", "labels output apply apply sum reshape const power multiply mean", false, true},
		{"C = 2.0\n\ndef f(t, p, k=3):\n\t'''What it does.'''\n\tx: return p\n", "", false, false},
		{
			"import math\nfrom keras import ops as O, backend\nC = math.sqrt(4)\ndef f(t: 'x', p, k=C) -> None:\n  r\"\"\"Text.\"\"\"\n  t *= k; p -= 1\n\n  # more\n  return (\n    t\n+ O.exp(p))\n",
			"labels const multiply output const subtract apply add mean", false, true,
		},
	} {
		p, err := bind(t, tt.text)
		if tt.ops == "" {
			continue // only that it does not panic
		}
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var ops []string
		for _, n := range p.Nodes {
			ops = append(ops, string(n.Op))
		}
		slices.Sort(ops)
		want := strings.Fields(tt.ops)
		slices.Sort(want)
		if !slices.Equal(ops, want) || p.WholeBatch != tt.whole || p.Differentiable != tt.slope {
			t.Errorf("%s: whole batch %v, slope %v\n%vwant %s, %v, %v", tt.text, p.WholeBatch, p.Differentiable, p, tt.ops, tt.whole, tt.slope)
		}
		if r := p.Nodes[p.Result]; !r.Shape.byRows() || len(r.Shape) != 1 {
			t.Errorf("%s: result of shape %v", tt.text, r.Shape)
		}
	}
}

// TestFolding: constants are computed in double precision, and equal operations are one.
func TestFolding(t *testing.T) {
	p, err := bind(t, "let e = 1 - epsilon()\nlog(2) * y_pred + sqrt(e) * where(3 > 2, 1, 0) + log(2) * y_pred * pi")
	if err != nil {
		t.Fatal(err)
	}
	var constants []float64
	for _, n := range p.Nodes {
		if n.Op == Const {
			constants = append(constants, n.Number)
		}
	}
	if want := "[0.6931471805599453 0.9999999499999987 3.141592653589793]"; fmt.Sprint(constants) != want {
		t.Errorf("constants %v, want %s", constants, want)
	}
}

// TestErrors: every problem is named with its place.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "position 1: the text is empty",
		"  \n # nothing\n":                 "the text is empty",
		"let a = 1":                        "the text ends without a result",
		"y_pred y_true":                    "position 8: expected the end of the text after the result, found \"y_true\"",
		"let a = 1 2\na":                   "position 11: expected the end of the line after the binding, found 2",
		"let 3":                            "expected name = value after let, found 3",
		"y_pred +":                         "position 9: expected a value, found the end of the line",
		"(y_pred":                          "position 8: expected a comma or ), found the end of the line",
		"y_pred[0":                         "expected a comma or ]",
		"y_pred[]":                         "the index is empty",
		"1 < y_pred < 2":                   "position 12: a second comparison of one value",
		"y_pred if y_true else 1":          "position 8: if ... else is not read",
		"lambda x: x":                      "lambda is not read here",
		"y_pred $ 2":                       "unexpected character '$'",
		"1.2.3 * y_pred":                   "position 4",
		"3x * y_pred":                      "malformed number",
		"1e * y_pred":                      "has no exponent",
		"1e999 * y_pred":                   "out of range",
		"'abc":                             "position 1: the text that starts here is not closed",
		"f'abc' + y_pred":                  "a text with the prefix f is not read",
		"y_pred // 2":                      "the operator // is not read",
		"y_pred @ y_true":                  "the operator @ is not read",
		"y_pred.shape":                     "shape of y_pred is not read: an attribute of an array of shape (rows, 4)",
		"(y_pred).sum()":                   "sum of y_pred is not read",
		"y_pred(1)":                        "y_pred is a value, and only functions can be called",
		"sum(1)(2)":                        "only functions can be called",
		"sum":                              "sum is a function: expected its arguments in brackets",
		"keras":                            "keras is a module",
		"z + y_pred":                       "position 1: z is not known here; known: y_pred, y_true",
		"exp(*y_pred)":                     "arguments from lists are not read",
		"exp()":                            "exp needs the argument x",
		"exp(1, 2)":                        "exp takes at most 1 arguments, found 2",
		"exp(y_pred, z=1)":                 "exp has no argument z; known: x",
		"sum(y_pred, axis=1, axis=1)":      "axis is given twice",
		"sum(y_pred, 1, axis=1)":           "axis is given twice",
		"sum(axis=1, y_pred)":              "an argument without a name after one with a name",
		"sum(y_pred, axis=2)":              "position 18: sum: the axis 2 of an array of 2 dimensions",
		"sum(y_pred, axis=-3)":             "the axis -3 of an array of 2 dimensions",
		"sum(y_pred, axis=[1, -1])":        "an axis stands twice",
		"sum(y_pred, axis=1.5)":            "must be a whole number",
		"sum(y_pred, keepdims=2)":          "must be True or False",
		"sum(y_true, axis=1) * y_pred":     "* of arrays of shapes (rows) and (rows, 4), which do not fit; keepdims=True",
		"y_pred[:, :2] + y_true[:, 1:]":    "+ of arrays of shapes (rows, 2) and (rows, 3), which do not fit",
		"y_true[:, :1] - y_pred[:, 0]":     "- of arrays of shapes (rows, 1) and (rows), which do not fit: every row would meet every other",
		"y_pred[0]":                        "an index of the rows of a batch",
		"y_pred[:, 4]":                     "the index 4:5 of an array of shape (rows, 4), whose dimension 2 has 4 elements",
		"y_pred[:, 0, 0]":                  "3 indexes of an array of 2 dimensions",
		"y_pred[:, 1.5]":                   "an index is a whole number",
		"y_pred[..., ...]":                 "a second ... in an index",
		"y_pred[::2]":                      "ranges with a step are not read",
		"where(y_pred, 1, 2)":              "the condition must be one",
		"not y_pred":                       "not takes a condition, found an array of shape (rows, 4)",
		"y_pred and y_true":                "and takes conditions",
		"y_pred + 'a'":                     "expected an array or a number, found a text",
		"y_pred + None":                    "expected an array or a number, found None",
		"[y_pred]":                         "the result is a list",
		"3":                                "the result is a number that depends on neither",
		"mean(ones_like(3))":               "the result is a number",
		"cast(y_pred, 'int32')":            "to whole numbers: write round, floor or ceil",
		"cast(y_pred, 'string')":           `the type "string" is not read`,
		"cast(y_pred, 3)":                  "the type must be a text",
		"reshape(y_pred, (2, 3))":          "the shape must be -1",
		"squeeze(y_pred, 1)":               "which has more than one element",
		"tf.argmax(y_pred)":                "tf.argmax needs axis",
		"K.nothing(y_pred)":                "the function nothing of keras.backend is not known here",
		"os.remove('x')":                   "the module os is not read; known: keras.activations, keras.backend",
		"__import__('os')":                 "the function __import__ is not known here",
		"eval('1')":                        "the function eval is not known here",
		"binary_crossentropy(y_pred, 'a')": "position 1",
		"def f(y_true, y_pred):\n  return y_pred +":                 "line 2, position 18: expected a value",
		"def f(y_true):\n  return y_true":                           "f has 1 parameters; expected those for labels and output",
		"def f(y_true, y_pred=1): return 1":                         "y_pred has a default",
		"def f(y_true, y_pred, k): return k":                        "the parameter k has no default",
		"def f(y_true, y_pred, k='a'): return y_pred":               "the default of k must be a number",
		"def f(*args): return 1":                                    "parameters for any number of arguments",
		"def f(a, b):\n  if a: return b":                            "line 2, position 3: if is not read: write where",
		"def f(a, b):\n  for x in a: pass":                          "for is not read",
		"def f(a, b):\n  print(a)\n  return b":                      "print is not read",
		"def f(a, b):\n  a":                                         "expected name = value, or return, found \"a\"",
		"def f(a, b):\n  a = b":                                     "f ends without return",
		"def f(a, b):\n  return":                                    "return without a value",
		"def f(a, b):\n  return a, b":                               "return of several values",
		"def f(a, b):\n  return a\n  b = 1":                         "line 3, position 3: \"b\" after return",
		"def f(a, b):\n  return a\nb = 1":                           "\"b\" after the function",
		"def f(a, b):\n    a = 1\n      b = 2\n    return a":        "line 3, position 7: the line is indented more",
		"def f(a, b):\nreturn a":                                    "expected the indented lines of f",
		"def f(a, b): return a\ndef g(a, b): return b":              "a second function",
		"def f(a, b): return sum(a)":                                "sum without its module is Python's here, or nobody's: write keras.backend.sum or keras.ops.sum",
		"def f(a, b): return nothing(a)":                            "the function nothing is not known here: it must be one of keras.ops",
		"def f(a, b): return a + epsilon":                           "epsilon without its module",
		"@tf.function\ndef f(a, b): return a":                       "@ is not read: leave the decorator out",
		"import os\ndef f(a, b): return a":                          "the module os is not read",
		"from os import path\ndef f(a, b): return a":                "the module os is not read",
		"from keras.backend import nothing\ndef f(a, b): return a":  "keras.backend has no nothing here",
		"class A: pass":                                             "class is not read: only def is read",
		"import keras\n":                                            "the text has no def",
		"def f(k=1):\n  def g(a, b): return a\n  return f":          "expected return g",
		"def f(k):\n  def g(a, b): return a\n  return g":            "the parameter k has no default",
		"def f(k=1):\n  def g(a, b, k=2): return a\n  return g":     "the parameter k stands twice",
		"def f(k=1):\n  def g(a, b): return a\n  k = 2\n  return g": "after the function inside f comes return g",
		"x: int = 3\ndef f(a, b): return a":                         "types of names are not read",
		"def f(a, b):\n  a: int = 3\n  return a":                    "types of names are not read",
		strings.Repeat("(", 200) + "y_pred":                         "nest deeper than 100",
		strings.Repeat("-", 5000) + "y_pred":                        "nest deeper than 100",
		"y_pred" + strings.Repeat(" + y_pred", 3000):                "more than 2000 parts",
		"y_pred # " + strings.Repeat("x", MaxBytes):                 "more than 32768",
		"y_pred\xff": "not valid UTF-8",
		"let a = y_pred\n" + strings.Repeat("a=expand_dims(a)\n", 9) + "a":                                        "an array of 7 dimensions, at most 6",
		"let a = y_pred[:, :, None, None]\nlet b = a + reshape(y_true, (-1,1,2,2))\nlet c = b[:, 0] * b[:, 1]\nc": "",
	} {
		_, err := bind(t, text)
		if want == "" && err == nil {
			continue
		}
		var problem *params.Error
		if !errors.As(err, &problem) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: error %v, want %q", text, err, want)
		}
	}
}

// TestHostileTexts: what a text can ask for is bounded, and so is the time until it is refused or bound.
func TestHostileTexts(t *testing.T) {
	double := "let a = y_pred\n"
	for i := range 300 {
		double += fmt.Sprintf("let a = sin(a) * cos(a) + a ** %d.5\n", i)
	}
	outer := "let a = y_pred\n"
	for range 40 {
		outer += "let a = a[:, :, None] * a[:, None, :]\nlet a = reshape(a, (-1, 16))[:, :4]\n"
	}
	texts := []string{
		double + "a",
		outer + "a",
		strings.Repeat("logsumexp(", 40) + "y_pred" + strings.Repeat(", axis=-1, keepdims=True)", 40),
		strings.Repeat("binary_crossentropy(y_true,", 30) + "y_pred" + strings.Repeat(")[:, None]", 30),
		strings.Repeat("a = y_pred;", 500) + "a",
		strings.Repeat("[", 90) + strings.Repeat("]", 90),
		"y_pred" + strings.Repeat("[:, None]", 300),
		strings.Repeat("\n", 30000) + "y_pred",
		strings.Repeat("x.", 3000) + "x",
		"y_pred * 1" + strings.Repeat("0", 30000),
		"reshape(y_pred, (-1, 2147483647, 2147483647))",
		"y_pred[:, 2147483648]", "y_pred[:, -2147483648:]",
	}
	for _, text := range texts {
		var p *Program
		var err error
		var took time.Duration
		for range 3 { // it may be the machine that pauses
			start := time.Now()
			p, err = bind(t, text)
			if took = time.Since(start); took <= 2*time.Second {
				break
			}
		}
		if took > 2*time.Second {
			t.Errorf("%.60q…: %v, and no less in three times", text, took)
		}
		if err == nil && len(p.Nodes) > MaxNodes {
			t.Errorf("%.60q…: %d operations", text, len(p.Nodes))
		}
	}
}

func TestArguments(t *testing.T) {
	f, err := Parse("f", "def f(y_true, y_pred, gamma=2.0, beta=K.epsilon()):\n  return y_pred * gamma + beta")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Arguments(); !slices.Equal(got, []string{"gamma", "beta"}) {
		t.Errorf("arguments %v", got)
	}
	for _, tt := range []struct {
		given map[string]float64
		want  string
	}{{nil, "const 2"}, {map[string]float64{"gamma": 5}, "const 5"}, {nil, "const 1e-07"}} {
		p, err := f.Bind([]int{1}, []int{1}, tt.given)
		if err != nil || !strings.Contains(p.String(), tt.want) {
			t.Errorf("%v: %v, %v; want %s", tt.given, p, err, tt.want)
		}
	}
	if _, err := f.Bind([]int{1}, []int{1}, map[string]float64{"x": 1}); err == nil {
		t.Error("an argument that is none is taken")
	}
}

// TestCheck: without a network a text is refused only where it fits none.
func TestCheck(t *testing.T) {
	for text, good := range map[string]bool{
		"y_pred[:, 7]": true, "squeeze(y_pred, -1)": true, "sum(y_pred, axis=-1)": true,
		"sum(y_pred, axis=2)": false, "sum(y_true, axis=-1) + y_pred": false, "nothing(y_pred)": false, "3": false,
	} {
		f, err := Parse("f", text)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Check(); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestConcurrently: a function may be bound by many at once.
func TestConcurrently(t *testing.T) {
	f, err := Parse("f", "let a = y_pred > 0\nwhere(not a, binary_crossentropy(y_true, y_pred)[:, None], y_pred)")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	for range 8 {
		go func() {
			p, err := f.Bind([]int{4}, []int{4}, nil)
			done <- fmt.Sprint(p, err)
		}()
	}
	first := <-done
	for range 7 {
		if other := <-done; other != first {
			t.Errorf("%s\nand %s", first, other)
		}
	}
}

// TestDefinitions: every definition in our own form is well formed, and every spelling has a known module.
func TestDefinitions(t *testing.T) {
	for _, name := range functionNames() {
		d := lookup(name)
		if d == nil || (d.make == nil) == (d.text == "") {
			t.Errorf("%s: neither or both of Go and text", name)
		}
		for _, full := range spellings(name) {
			if i := strings.LastIndexByte(full, '.'); i < 0 || !knownModule(full[:i]) {
				t.Errorf("%s is spelled %s", name, full)
			}
		}
	}
}

// older are names that Keras 2 or TensorFlow 1 had.
var older = []string{
	"keras.backend.logsumexp", "keras.losses.KLD", "keras.losses.MAE", "keras.losses.MSE", "keras.losses.kld", "keras.losses.mae",
	"keras.losses.mse", "keras.metrics.kld", "keras.metrics.mae", "keras.metrics.mse", "tf.ceil", "tf.expm1", "tf.log",
}

// TestKerasHasTheNames: Keras has every function under every name that is read, but for older ones. It needs the Python of scripts/keras-python.
func TestKerasHasTheNames(t *testing.T) {
	python := kerasPython(t)
	var names []string
	for _, name := range functionNames() {
		names = append(names, spellings(name)...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(older, name) })
	script := `import sys
import tensorflow as tf, keras, numpy as np, math
keras_ops = keras.ops
missing = []
for name in sys.argv[1:]:
    spelled = name.replace("keras.backend.", "tf.keras.backend.")
    try:
        eval(spelled)
    except AttributeError:
        missing.append(name)
print("missing:", *missing)`
	out, err := exec.Command(python, append([]string{"-c", script}, names...)...).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "missing:") {
		t.Errorf("%v: %s", err, out[max(0, len(out)-2000):])
	}
}

// kerasPython is the Python that has Keras; the test is skipped where there is none.
func kerasPython(t *testing.T) string {
	t.Helper()
	python, err := filepath.Abs("../../.venv/keras/bin/python")
	if given := os.Getenv("BEAMFIT_KERAS_PYTHON"); given != "" {
		python, err = given, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if exec.Command(python, "-c", "").Run() != nil {
		t.Skip("no Python with Keras: see scripts/keras-python")
	}
	return python
}
