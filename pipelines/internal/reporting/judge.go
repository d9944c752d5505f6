package reporting

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/curve"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/pipelines/picture"
	"github.com/beamfit/beamfit/pipelines/report"
	"github.com/beamfit/beamfit/transforms/infer"
)

// worstRows is how many rows of an output a report shows, and curveClasses of how many classes it draws curves.
const (
	worstRows    = 12
	curveClasses = 8
)

// A rowJudge compares what a model says for one output with the labels. The order of rows changes no result.
type rowJudge struct {
	out    infer.Output
	label  buffer.Variable
	ignore loss.Ignore // rows of that class are left out

	classes   []string         // nil: the output's values are numbers
	confusion *curve.Confusion // nil where there are more classes than a matrix may have
	scores    [][]curve.Row    // per class that has a curve

	absolute, squares, labels, labelSquares metric.Sum // of numbers
	numbers                                 int64

	left int64 // rows that are left out

	worst []judgedRow
}

// A judgedRow is a row with how badly it is predicted.
type judgedRow struct {
	buffer           int64
	row              int
	badness          float64
	truth, predicted string
	facts            []report.Fact

	truthProb, predictedProb string

	features func() (report.Image, string)
	image    report.Image
	text     string
}

func newRowJudge(out infer.Output, label buffer.Variable, ignore loss.Ignore) *rowJudge {
	j := &rowJudge{out: out, label: label, ignore: ignore}
	if out.Numbers > 0 {
		return j
	}
	names := make([]string, len(out.Classes))
	for i, c := range out.Classes {
		names[i] = "NULL"
		if c != nil {
			names[i] = *c
		}
	}
	j.classes = names
	if len(names) <= picture.MaxClasses {
		j.confusion = curve.NewConfusion(names)
	}
	if len(names) <= curveClasses {
		j.scores = make([][]curve.Row, len(names))
	}
	return j
}

// add takes in a row, of the output's values for it.
func (j *rowJudge) add(row judgedRow, values []float32, l label) error {
	if len(l.hot) == 1 && len(j.classes) != 1 { // an array of an integer, which is the number or the number of the class
		l = label{numbers: []float32{float32(l.hot[0])}}
	}
	if j.classes == nil {
		return j.addNumbers(row, values, l)
	}
	if j.ignored(l) {
		j.left++
		return nil
	}
	truth, err := j.class(l)
	if err != nil {
		return err
	}
	probs := j.out.Probabilities(values)
	best := j.out.Best(values, probs)
	if j.confusion != nil {
		j.confusion.Add(truth, best)
	}
	for k := range j.scores {
		j.scores[k] = append(j.scores[k], curve.Row{Score: float64(probs[k]), Positive: k == truth})
	}
	if row.badness = -float64(probs[truth]); row.badness != row.badness {
		row.badness = math.Inf(1)
	}
	if best == truth {
		row.badness -= 2 // a right row is better than any wrong one
	}
	row.truth, row.predicted = j.classes[truth], j.classes[best]
	row.truthProb, row.predictedProb = fmt.Sprintf("%.4f", probs[truth]), fmt.Sprintf("%.4f", probs[best])
	j.keep(row)
	return nil
}

// ignored says whether the loss does not count rows with a label: it need not be one of the output's classes.
func (j *rowJudge) ignored(l label) bool {
	if !j.ignore.On {
		return false
	}
	if len(l.numbers) == 1 {
		return float64(l.numbers[0]) == float64(j.ignore.Class)
	}
	values := slices.Clone(l.numbers)
	for _, x := range l.hot {
		values = append(values, float32(x))
	}
	return j.ignore.Has(values)
}

// class is the index of the class that a label is.
func (j *rowJudge) class(l label) (int, error) {
	k := len(j.classes)
	if l.numbers == nil {
		if at := slices.IndexFunc(l.hot, func(x int16) bool { return x != 0 }); at >= 0 && at < k {
			return at, nil
		}
		return 0, errors.New("a label is no class")
	}
	if len(l.numbers) == 1 {
		x := float64(l.numbers[0])
		if x == -1 && j.out.Score == infer.Side { // hinge losses take -1 and 0 for the same class
			x = 0
		}
		if x == math.Trunc(x) && x >= 0 && x < float64(k) {
			return int(x), nil
		}
		return 0, fmt.Errorf("the label %v is no class; they are 0 to %d", l.numbers[0], k-1)
	}
	best := 0
	for i, x := range l.numbers {
		if x > l.numbers[best] {
			best = i
		}
	}
	return best, nil
}

// addNumbers takes in a row whose label is numbers. Labels that have another form than the output, as sequences have, are not compared.
func (j *rowJudge) addNumbers(row judgedRow, values []float32, l label) error {
	if len(l.numbers) != len(values) {
		return nil
	}
	for i, want := range l.numbers {
		d := float64(values[i]) - float64(want)
		j.absolute.Add(math.Abs(d))
		j.squares.Add(d * d)
		j.labels.Add(float64(want))
		j.labelSquares.Add(float64(want) * float64(want))
		j.numbers++
		row.badness += math.Abs(d)
	}
	row.badness /= float64(len(values))
	row.truth, row.predicted = numbersText(l.numbers), numbersText(values)
	row.facts = []report.Fact{{Name: "error", Value: fmt.Sprintf("%.5g", row.badness)}}
	if math.IsNaN(row.badness) {
		row.badness = math.Inf(1) // nothing is worse
	}
	j.keep(row)
	return nil
}

// numbersText is a label of numbers, the first few.
func numbersText(values []float32) string {
	const most = 4
	text := ""
	for i, v := range values {
		if i == most {
			return text + ", …"
		}
		if i > 0 {
			text += ", "
		}
		text += table.FloatText(float64(v), 32)
	}
	return text
}

// keep keeps the row where it is among the worst.
func (j *rowJudge) keep(row judgedRow) {
	order := func(a, b judgedRow) int {
		return cmp.Or(cmp.Compare(b.badness, a.badness), cmp.Compare(a.buffer, b.buffer), cmp.Compare(a.row, b.row))
	}
	at, _ := slices.BinarySearchFunc(j.worst, row, order)
	if at == worstRows {
		return
	}
	row.image, row.text = row.features()
	row.features = nil // and with it the buffer
	j.worst = slices.Insert(j.worst, at, row)
	j.worst = j.worst[:min(len(j.worst), worstRows)]
}

// output is what the report says of the output, with notes on what it lacks.
func (j *rowJudge) output() (out report.Output, notes []string, err error) {
	out = report.Output{Variable: j.out.Name, Confusion: j.confusion}
	for _, row := range j.worst {
		out.Worst = append(out.Worst, report.Row{
			Place: fmt.Sprintf("%d of buffer %d", row.row+1, row.buffer), Truth: row.truth, Predicted: row.predicted, TruthProb: row.truthProb, PredictedProb: row.predictedProb, Facts: row.facts, Image: row.image, Features: row.text,
		})
	}
	if j.classes == nil {
		if j.numbers == 0 {
			return out, []string{fmt.Sprintf("The predictions of %s are not compared: its labels have another form than the output.", j.out.Name)}, nil
		}
		out.Errors = j.errors()
		return out, nil, nil
	}
	if j.left > 0 {
		notes = append(notes, fmt.Sprintf("%d rows of %s are not compared: they are of the class %d, which the loss ignores.", j.left, j.out.Name, j.ignore.Class))
	}
	if j.confusion == nil {
		return out, append(notes, fmt.Sprintf("%s has %d classes, too many to compare class by class.", j.out.Name, len(j.classes))), nil
	}
	if j.scores == nil {
		return out, notes, nil
	}
	drawn := j.scores
	names := j.classes
	if len(drawn) == 2 {
		drawn, names = drawn[1:], names[1:]
	}
	out.Curves, err = drawCurves(names, drawn)
	return out, notes, err
}

// drawCurves draws the curves of classes: ROC, of one class precision over recall as well, and of probabilities how reliable they are. What no
// curve can be drawn of is left out, as a class that no row has.
func drawCurves(names []string, rows [][]curve.Row) ([]*picture.Figure, error) {
	var roc, recall []picture.Class
	var calibrated []picture.Calibrated
	for i, name := range names {
		c, err := curve.ROC(rows[i])
		if err != nil {
			continue
		}
		roc = append(roc, picture.Class{Name: name, Curve: c})
		if c, err = curve.PrecisionRecall(rows[i]); err == nil {
			recall = append(recall, picture.Class{Name: name, Curve: c})
		}
		if r, err := curve.Calibration(rows[i], picture.CalibrationBins); err == nil {
			calibrated = append(calibrated, picture.Calibrated{Name: name, Reliability: r})
		}
	}
	if len(roc) == 0 {
		return nil, nil
	}
	var figures []*picture.Figure
	add := func(f *picture.Figure, err error) error {
		figures = append(figures, f)
		return err
	}
	err := errors.Join(add(picture.ROC(roc)), add(picture.PrecisionRecall(recall)))
	if len(calibrated) > 0 {
		err = errors.Join(err, add(picture.Calibration(calibrated)))
	}
	return figures, err
}

// errors are those of numbers.
func (j *rowJudge) errors() []report.Fact {
	n := float64(j.numbers)
	mean := j.labels.Float64() / n
	facts := []report.Fact{
		{Name: "mean absolute error", Value: fmt.Sprintf("%.5g", j.absolute.Float64()/n)},
		{Name: "root mean squared error", Value: fmt.Sprintf("%.5g", math.Sqrt(j.squares.Float64()/n))},
	}
	if spread := j.labelSquares.Float64() - n*mean*mean; spread > 0 {
		facts = append(facts, report.Fact{Name: "R²", Value: fmt.Sprintf("%.5g", 1-j.squares.Float64()/spread)})
	}
	return facts
}
