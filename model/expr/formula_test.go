package expr

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

func TestFormula(t *testing.T) {
	for text, want := range map[string]float64{
		"0.1":                                   0.1,
		"lr * 0.5":                              0.1,
		"0.1 * 0.5 ** (epoch // 10)":            0.1 * 0.25,
		"where(epoch < 10, lr, lr * exp(-0.1))": 0.2 * math.Exp(-0.1),
		"let warm = 5; let t = (epoch - warm) / 100\nlr * (1 + cos(pi * t)) / 2": 0.2 * (1 + math.Cos(math.Pi*0.2)) / 2,
		"lambda epoch: 1e-3 * 0.9 ** epoch":                                      1e-3 * math.Pow(0.9, 25),
		"lambda e, rate: rate * math.pow(0.5, floor(e / 10))":                    0.05,
		"lambda: 0.3":                               0.3,
		"np.maximum(1e-5, lr - 0.01 * epoch)":       1e-5,
		"minimum(lr, 0.01) + 7 % 4 + (-7) // 2":     0.01 + 3 - 4,
		"lr":                                        0.2,
		"clip(lr, 0.3, 1.0) + sqrt(4) + abs(-1)":    3.3,
		"let half = lr / 2 in half * half":          0.01,
		"where(logical_and(epoch > 1, True), 1, 0)": 1,
	} {
		f, err := ParseFormula("schedule", text, "epoch", "lr")
		var got float64
		if err == nil {
			got, err = f.At(25, 0.2)
		}
		if err != nil || math.Abs(got-want) > 1e-15*max(1, math.Abs(want)) {
			t.Errorf("%q is %v, error %v, want %v", text, got, err, want)
		}
	}
}

func TestFormulaRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "the text is empty; expected an expression of epoch and lr",
		"lr if epoch < 10 else 0.1":       "write where(condition, a, b)",
		"epok * 2":                        "epok is not known here; known: epoch, lr",
		"epoch < 10":                      "the result is True or False, expected a number",
		"ones_like(epoch) * 'a'":          "",
		"lambda a, b, c: a":               "2 parameters are given, c is one more",
		"lambda a, a: a":                  "the parameter a stands twice",
		"lambda epoch 3":                  "expected : after the parameters",
		"lambda 3: 3":                     "expected the name of a parameter",
		"__import__('os').system('true')": "",
		"lr[0]":                           "",
	} {
		f, err := ParseFormula("schedule", text, "epoch", "lr")
		if err == nil {
			_, err = f.At(1, 0.1)
		}
		if e, ok := errors.AsType[*params.Error](err); !ok || !strings.Contains(e.Error(), want) || !strings.Contains(e.Error(), "schedule") {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// No text makes formulas panic, and what is a number is one again.
func FuzzFormula(f *testing.F) {
	for _, text := range []string{"lr * 0.9 ** epoch", "lambda epoch, lr: where(epoch // 2 < 3, lr, exp(-lr))", "let a = lr; a % 3", "ones_like(lr)", "sum(lr)"} {
		f.Add(text, 3.0)
	}
	f.Fuzz(func(t *testing.T, text string, epoch float64) {
		formula, err := ParseFormula("schedule", text, "epoch", "lr")
		if err != nil {
			return
		}
		a, err := formula.At(epoch, 0.1)
		b, again := formula.At(epoch, 0.1)
		if (err == nil) != (again == nil) || math.Float64bits(a) != math.Float64bits(b) && !math.IsNaN(a) {
			t.Errorf("%q: %v, %v, then %v, %v", text, a, err, b, again)
		}
	})
}
