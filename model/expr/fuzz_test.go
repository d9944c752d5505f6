package expr

import (
	"errors"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// FuzzParse: no text makes the package panic; an error has a place in the text; a program is well formed.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"-sum(y_true * log(clip(y_pred, epsilon, 1 - epsilon)), axis=-1)",
		"let a = y_pred[:, 1:] in where(a > 0.5 and not (a == 1), a ** 2, -a)",
		"import tensorflow as tf\nfrom tensorflow.keras import backend as K\ndef outer(g=2.):\n  '''x'''\n  def inner(y_true, y_pred):\n    y_pred /= K.sum(y_pred, axis=-1, keepdims=True)\n    return K.pow(1 - y_pred, g)\n  return inner\n",
		"mean(top_k_categorical_accuracy(y_true, y_pred, k=2)) + reshape(y_pred, [-1, 2, 2])[..., None]",
		"y_pred[\\\n:, 0] # comment\n", "(((((", "'''", "let let let", "def f(\n", "@", "y_pred[..., ...]", "1e", "a.b.c(", "\x80\x04\x95",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := Parse("f", text)
		if err == nil {
			_ = fn.Check()
			var p *Program
			if p, err = fn.Bind([]int{4}, []int{4}, nil); err == nil {
				wellFormed(t, p)
				return
			}
		}
		var problem *params.Error
		if !errors.As(err, &problem) {
			t.Fatalf("%v is no *params.Error", err)
		}
		if problem.Pos < 0 || problem.Pos > len(problem.Text) || err.Error() == "" {
			t.Errorf("place %d of %d", problem.Pos, len(problem.Text))
		}
	})
}

// wellFormed checks that operands come first and that the result is a value per row.
func wellFormed(t *testing.T, p *Program) {
	t.Helper()
	if len(p.Nodes) > MaxNodes || p.Result != len(p.Nodes)-1 {
		t.Errorf("result %d of %d nodes", p.Result, len(p.Nodes))
	}
	for i, n := range p.Nodes {
		for _, a := range n.Args {
			if a >= i {
				t.Errorf("node %d reads node %d", i, a)
			}
		}
		for _, d := range n.Shape {
			if d.N < 1 {
				t.Errorf("node %d has shape %v", i, n.Shape)
			}
		}
	}
	if s := p.Nodes[p.Result].Shape; len(s) != 1 || s[0] != (Dim{N: 1, Rows: true}) {
		t.Errorf("the result has shape %v", s)
	}
}
