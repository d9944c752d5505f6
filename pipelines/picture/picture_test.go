package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"

	"github.com/beamfit/beamfit/model/curve"
	"github.com/beamfit/beamfit/pipelines/internal/picturetest"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// fit is a fit whose loss falls from first to last.
func fit(name string, iterations int, first, last float64, validated bool) Fit {
	f := Fit{Name: name}
	loss, accuracy := Score{Name: "loss"}, Score{Name: "accuracy"}
	for i := range iterations {
		f.Iterations, f.Seconds = append(f.Iterations, i+1), append(f.Seconds, 1.5*float64(i+1))
		t := float64(i) / float64(max(1, iterations-1))
		v := first * math.Pow(last/first, t)
		loss.Training, accuracy.Training = append(loss.Training, v), append(accuracy.Training, 1-v/(2*first))
		if validated {
			loss.Validation = append(loss.Validation, v*1.1+0.02*math.Sin(float64(i)))
			accuracy.Validation = append(accuracy.Validation, 1-v/(1.8*first))
		}
	}
	f.Scores = []Score{loss, accuracy}
	return f
}

// scored are rows whose scores tell much, but not all, of their class.
func scored(n int) []curve.Row {
	rng := rand.New(rand.NewPCG(1, 1))
	rows := make([]curve.Row, n)
	for i := range rows {
		rows[i].Positive = rng.Float64() < 0.4
		x := rng.NormFloat64()
		if rows[i].Positive {
			x += 1.5
		}
		rows[i].Score = 1 / (1 + math.Exp(-2*x+1))
	}
	return rows
}

func class(t *testing.T, name string, of func([]curve.Row) (curve.Curve, error), n int) Class {
	t.Helper()
	c, err := of(scored(n))
	if err != nil {
		t.Fatal(err)
	}
	return Class{name, c}
}

func confusion(names []string, count func(truth, predicted int) int64) *curve.Confusion {
	c := curve.NewConfusion(names)
	for i := range names {
		for j := range names {
			c.Counts[i][j] = count(i, j)
		}
	}
	return c
}

// figures are one of each kind.
func figures(t *testing.T) map[string]*Figure {
	t.Helper()
	rel, err := curve.Calibration(scored(2000), 10)
	if err != nil {
		t.Fatal(err)
	}
	digits := strings.Split("0123456789", "")
	out := map[string]*Figure{}
	for name, make := range map[string]func() (*Figure, error){
		"history":   func() (*Figure, error) { return History([]Fit{fit("iris_model", 20, 1.1, 0.12, true)}, ByIteration) },
		"one_point": func() (*Figure, error) { return History([]Fit{fit("iris_model", 1, 0.4, 0.4, false)}, ByIteration) },
		"models": func() (*Figure, error) {
			return History([]Fit{fit("mlp", 30, 2.3, 0.004, true), fit("cnn", 15, 2.2, 0.002, true), fit("public.\"A long name\"", 200, 2, 1.2, false)}, ByTime)
		},
		"roc":              func() (*Figure, error) { return ROC([]Class{class(t, "ill", curve.ROC, 500)}) },
		"precision_recall": func() (*Figure, error) { return PrecisionRecall([]Class{class(t, "ill", curve.PrecisionRecall, 500)}) },
		"calibration":      func() (*Figure, error) { return Calibration([]Calibrated{{"ill", rel}}) },
		"classes": func() (*Figure, error) {
			return ROC([]Class{class(t, "Iris-setosa", curve.ROC, 40), class(t, "Iris-versicolor", curve.ROC, 60), class(t, "Iris-virginica", curve.ROC, 100)})
		},
		"confusion": func() (*Figure, error) {
			return Confusion(confusion([]string{"Iris-setosa", "Iris-versicolor", "Iris-virginica"}, func(i, j int) int64 {
				return []int64{9, 0, 0, 0, 8, 2, 0, 1, 10}[i*3+j]
			}))
		},
		"confusion_digits": func() (*Figure, error) {
			return Confusion(confusion(digits, func(i, j int) int64 {
				if i == j {
					return 12950 + int64(i)
				}
				return int64((i*7+j*5)%11) / 4 * int64(i+j)
			}))
		},
		"confusion_many": func() (*Figure, error) {
			names := make([]string, 40)
			for i := range names {
				names[i] = fmt.Sprintf("class number %d", i)
			}
			return Confusion(confusion(names, func(i, j int) int64 { return max(0, 50-int64((i-j)*(i-j))*20) }))
		},
	} {
		f, err := make()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = f
	}
	return out
}

// TestGolden draws one figure of each kind as it was when somebody looked at it; -update writes the pictures anew, to be looked at.
func TestGolden(t *testing.T) {
	for name, f := range figures(t) {
		var b bytes.Buffer
		if err := f.Write(&b, forms[1]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := filepath.Join("testdata", name+".png")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if share := picturetest.Differing(t, golden, b.Bytes(), visible); share > 0.001 {
			got := filepath.Join(t.ArtifactDir(), name+".png")
			if err := os.WriteFile(got, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s: %.2f %% of the pixels differ from %s: see %s; where it is as good, run the test with -update", name, 100*share, file, got)
		}
	}
}

// visible is the least difference between two colours that counts.
const visible = 0x1000 // less than anybody sees

func TestDifferingTellsPicturesApart(t *testing.T) {
	all := figures(t)
	var a, b bytes.Buffer
	if err := errors.Join(all["roc"].Write(&a, forms[1]), all["classes"].Write(&b, forms[1])); err != nil {
		t.Fatal(err)
	}
	if share := picturetest.Differing(t, a.Bytes(), b.Bytes(), visible); share < 0.005 {
		t.Errorf("two pictures differ in %v of their pixels", share)
	}
}

// texts are the texts of an SVG, which must be XML without anything that a page would run or fetch.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var out []string
	dec := xml.NewDecoder(bytes.NewReader(svg))
	inText := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch inText = e.Name.Local == "text"; e.Name.Local {
			case "svg", "g", "path", "text":
			default:
				t.Errorf("element %s", e.Name.Local)
			}
		case xml.CharData:
			if inText {
				out = append(out, string(e))
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func TestHostileNames(t *testing.T) {
	hostile := []string{
		"<script>alert(1)</script>", `" onload="x`, "]]>", "a\x00b\x1b[2J", "&amp;", "\u202egnp.exe", "emoji 😀", "two\nlines", `style="font-family:Liberation Sans;`,
		strings.Repeat("long ", 100), "\xff\xfe", "",
	}
	for i, name := range hostile {
		f := fit(name, 3, 1, 0.5, true)
		f.Scores[0].Name = name
		history, err := History([]Fit{f, fit("other", 3, 1, 0.4, false)}, ByIteration)
		if err != nil {
			t.Fatal(err)
		}
		matrix, err := Confusion(confusion([]string{name, "b"}, func(i, j int) int64 { return 3 }))
		if err != nil {
			t.Fatal(err)
		}
		for _, figure := range []*Figure{history, matrix} {
			for _, form := range forms {
				var b bytes.Buffer
				if err := figure.Write(&b, form); err != nil {
					t.Fatalf("name %d, %s: %v", i, form, err)
				}
				if form.name != "svg" {
					continue
				}
				all := strings.Join(texts(t, b.Bytes()), "\n")
				if !strings.Contains(all, cut(name, longestName-1)[:min(3, len(name))]) && name != "" {
					t.Errorf("name %d is not drawn: %q", i, all)
				}
				if strings.ContainsAny(all, "\u202e\x1b") {
					t.Errorf("name %d: marks of direction are drawn: %q", i, all)
				}
			}
		}
	}
}

func TestNumbersWithoutAPlace(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, values := range [][]float64{{nan, nan, nan}, {1, nan, 2}, {inf, 1, -inf}, {0, 0, 0}, {-1, 5, 1000}, {1e-300, 1e300, 1}, {5e-324, 1, 1}, {1.7e308, -1.7e308, 0}} {
		f := Fit{Name: "m", Iterations: []int{1, 2, 3}, Seconds: []float64{1, 2, 3}, Scores: []Score{{Name: "loss", Training: values}}}
		for _, by := range []Axis{ByIteration, ByTime} {
			figure, err := History([]Fit{f}, by)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range forms {
				var b bytes.Buffer
				if err := figure.Write(&b, form); err != nil {
					t.Fatal(err)
				}
				if form.name == "svg" && bytes.Contains(b.Bytes(), []byte("NaN")) {
					t.Errorf("%v: a place is NaN", values)
				}
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
		{0.93, 0.9612, "0.93 0.94 0.95 0.96"},
		{-3, 140, "0 50 100"},
		{1e-7, 5e-7, "1e-07 2e-07 3e-07 4e-07 5e-07"},
		{0, 3e9, "0 5e+08 1e+09 1.5e+09 2e+09 2.5e+09 3e+09"},
	} {
		var labels []string
		for _, tick := range (evenTicks{}).Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
	}
	for n := 2; n < 3000; n++ {
		ticks := wholeTicks{}.Ticks(1, float64(n))
		if len(ticks) < 2 || len(ticks) > 10 {
			t.Fatalf("%d ticks from 1 to %d", len(ticks), n)
		}
		for _, tick := range ticks {
			if tick.Value != math.Trunc(tick.Value) {
				t.Fatalf("a tick at %v", tick.Value)
			}
		}
	}
}

// TestLogarithmic: the loss has a logarithmic axis where its values differ much, a metric never has.
func TestLogarithmic(t *testing.T) {
	for name, want := range map[string]bool{"loss": true, "focal_loss": false} {
		h := history{fits: []Fit{{Name: "m", Iterations: []int{1, 2}, Scores: []Score{{Name: name, Training: []float64{2, 0.001}}}}}, by: ByIteration}
		if _, got := h.panel(name).Y.Scale.(plot.LogScale); got != want {
			t.Errorf("%s: logarithmic %t", name, got)
		}
	}
}

func TestThin(t *testing.T) {
	c := class(t, "x", curve.ROC, 200_000)
	var points []xy
	for _, p := range c.Curve.Points {
		points = append(points, xy{X: p.X, Y: p.Y})
	}
	thinned := thin(points)
	if len(thinned) > 3100 || len(thinned) < 1000 {
		t.Errorf("%d of %d points are left", len(thinned), len(points))
	}
	if first, last := thinned[0], thinned[len(thinned)-1]; first != points[0] || last != points[len(points)-1] {
		t.Errorf("the ends are %v and %v", first, last)
	}
	for i, p := range thinned[1:] {
		if d := max(math.Abs(p.X-thinned[i].X), math.Abs(p.Y-thinned[i].Y)); d > 3*finest {
			t.Fatalf("points are %v from each other", d)
		}
	}
}

func TestBrief(t *testing.T) {
	for n, want := range map[int64]string{999: "999", 1000: "1.0k", 12345: "12k", 999_499: "999k", 999_500: "1.0M", 3_400_000: "3.4M", 5e15: "5000T"} {
		if got := brief(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	for path, want := range map[string]string{"a.svg": "svg", "/x/b.PNG": "png", "c.d.pdf": "pdf"} {
		if f, err := FormOf(path); err != nil || f.String() != want {
			t.Errorf("%s: %v, %v", path, f, err)
		}
	}
	if _, err := FormOf("curves.jpg"); err == nil || err.Error() != `"curves.jpg": the name of a picture must end in .svg, .png or .pdf` {
		t.Error(err)
	}
	for form, magic := range map[int]string{0: "<?xml", 1: "\x89PNG", 2: "%PDF-1."} {
		var b bytes.Buffer
		if err := figures(t)["roc"].Write(&b, forms[form]); err != nil || !strings.HasPrefix(b.String(), magic) {
			t.Errorf("%s begins with %q, %v", forms[form], b.String()[:10], err)
		}
	}
	inline, err := figures(t)["roc"].Inline()
	if err != nil || !strings.HasPrefix(inline, "<svg ") {
		t.Errorf("%.20q, %v", inline, err)
	}
}

func TestTooMany(t *testing.T) {
	if _, err := History(make([]Fit, MaxStyles+1), ByTime); err == nil {
		t.Error("more fits than styles")
	}
	if _, err := ROC(make([]Class, MaxStyles+1)); err == nil {
		t.Error("more classes than styles")
	}
	if _, err := Confusion(curve.NewConfusion(make([]string, MaxClasses+1))); err == nil {
		t.Error("more classes than cells")
	}
}
