package picture

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/beamfit/beamfit/model/curve"
)

// A Class is a curve of one class against all others.
type Class struct {
	Name  string
	Curve curve.Curve
}

// checkClasses refuses more curves than can be told apart.
func checkClasses(n int) error {
	if n > MaxStyles {
		return fmt.Errorf("%d classes: a picture has room for the curves of %d", n, MaxStyles)
	}
	return nil
}

// ROC draws receiver operating characteristics, with the line of guessing. The legend has the area under each curve.
func ROC(classes []Class) (*Figure, error) {
	return unitFigure(classes, "ROC", "false positive rate", "true positive rate", "AUC", []xy{{X: 0, Y: 0}, {X: 1, Y: 1}})
}

// PrecisionRecall draws precision over recall; of one class with the precision of guessing. The legend has the average precision of each.
func PrecisionRecall(classes []Class) (*Figure, error) {
	var guess []xy
	if len(classes) == 1 {
		share := classes[0].Curve.Positive
		guess = []xy{{X: 0, Y: share}, {X: 1, Y: share}}
	}
	return unitFigure(classes, "precision and recall", "recall", "precision", "AP", guess)
}

// unitFigure draws curves in the unit square, beside the line guess.
func unitFigure(classes []Class, title, x, y, area string, guess []xy) (*Figure, error) {
	if err := checkClasses(len(classes)); err != nil {
		return nil, err
	}
	p := unitPlot(title, x, y)
	f := &Figure{across: 1, panels: []panel{{p, panelWidth, panelWidth}}}
	if guess != nil {
		f.addReference(p, guess, "guessing")
	}
	for i, c := range classes {
		var points []xy
		for _, pt := range c.Curve.Points {
			points = append(points, xy{X: pt.X, Y: pt.Y})
		}
		addLine(p, thin(points), lineOf(i, false), nil)
		f.legend = append(f.legend, entry{fmt.Sprintf("%s, %s %.4f", cut(c.Name, 24), area, c.Curve.Area), lineOf(i, false), nil})
	}
	return f, nil
}

// addReference draws what curves are compared with.
func (f *Figure) addReference(p *plot.Plot, points []xy, name string) {
	style := draw.LineStyle{Color: grey, Width: vg.Points(0.75), Dashes: []vg.Length{vg.Points(2), vg.Points(2)}}
	addLine(p, points, style, nil)
	f.legend = append(f.legend, entry{name, style, nil})
}

// unitPlot has axes from 0 to 1.
func unitPlot(title, x, y string) *plot.Plot {
	p := newPlot(title, x, y)
	addGrid(p)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.02, 1.02, -0.02, 1.02
	p.X.Tick.Marker, p.Y.Tick.Marker = unitTicks{}, unitTicks{}
	return p
}

// unitTicks are those from 0 to 1.
type unitTicks struct{}

func (unitTicks) Ticks(float64, float64) []plot.Tick { return ticksAt(0, 1, 0.2) }

// CalibrationBins is the number of bins that reliability curves have here; scikit-learn's default is 5.
const CalibrationBins = 10

// A Calibrated is the reliability of the probabilities of one class.
type Calibrated struct {
	Name        string
	Reliability curve.Reliability
}

// Calibration draws how often rows of a probability are of the class, with the line of probabilities that are what they say. Below it is how
// many rows there are in each bin, where there is one class. The legend has the expected calibration error.
func Calibration(classes []Calibrated) (*Figure, error) {
	if err := checkClasses(len(classes)); err != nil {
		return nil, err
	}
	p := unitPlot("reliability", "predicted probability", "share of the class")
	f := &Figure{across: 1, panels: []panel{{p, panelWidth, panelWidth}}}
	f.addReference(p, []xy{{X: 0, Y: 0}, {X: 1, Y: 1}}, "perfect")
	for i, c := range classes {
		var points []xy
		for _, b := range c.Reliability.Bins {
			points = append(points, xy{X: b.Predicted, Y: b.Observed})
		}
		mark := markOf(i)
		addLine(p, points, lineOf(i, false), &mark)
		f.legend = append(f.legend, entry{fmt.Sprintf("%s, ECE %.4f", cut(c.Name, 24), c.Reliability.ECE), lineOf(i, false), &mark})
	}
	if len(classes) == 1 {
		f.panels = append(f.panels, panel{binsPlot(classes[0].Reliability), panelWidth, panelHeight / 2})
	}
	return f, nil
}

// binsPlot is the histogram of the rows by their probability.
func binsPlot(r curve.Reliability) *plot.Plot {
	p := newPlot("", "predicted probability", "rows")
	addGrid(p)
	p.X.Min, p.X.Max, p.X.Tick.Marker = -0.02, 1.02, unitTicks{}
	p.Y.Min, p.Y.Max = 0, 1
	for _, b := range r.Bins {
		n := float64(b.Rows)
		bar := &plotter.Polygon{XYs: []plotter.XYs{{{X: b.From, Y: 0}, {X: b.To, Y: 0}, {X: b.To, Y: n}, {X: b.From, Y: n}}}, Color: palette[0]}
		bar.LineStyle = draw.LineStyle{Color: white, Width: vg.Points(0.5)}
		p.Add(bar)
		p.Y.Max = math.Max(p.Y.Max, n*1.05)
	}
	p.X.Min, p.X.Max = -0.02, 1.02
	p.Y.Tick.Marker = fewTicks{}
	return p
}

// fewTicks are at most three whole numbers, for a low panel.
type fewTicks struct{}

func (fewTicks) Ticks(low, high float64) []plot.Tick {
	return ticksAt(low, high, math.Max(1, niceStep(high-low, 3)))
}
