package curve

// A Point is where a threshold lies.
type Point struct {
	X, Y float64
	// Threshold is the least score that is decided to be positive; of the first point it is infinite.
	Threshold float64
}

// A Curve is what rising numbers of positive decisions draw.
type Curve struct {
	Points []Point // by falling threshold; the first is where no row is decided to be positive
	// Area is the number that sums the curve up: of ROC the area under it (AUC), of PrecisionRecall the average precision.
	Area float64
	// Positive is the share of positive rows, which is the precision of guessing.
	Positive float64
}

// ROC is the receiver operating characteristic: X is the share of the negative rows that are decided to be positive (false positive rate),
// Y that of the positive ones (true positive rate, recall).
//
// Source: sklearn.metrics.roc_curve (drop_intermediate=False), sklearn.metrics.roc_auc_score.
func ROC(rows []Row) (Curve, error) {
	ts, err := tallies(rows)
	if err != nil {
		return Curve{}, err
	}
	all := ts[len(ts)-1]
	c := Curve{Positive: share(all.positive, all.positive+all.negative)}
	for i, t := range ts {
		c.Points = append(c.Points, Point{share(t.negative, all.negative), share(t.positive, all.positive), t.threshold})
		if i > 0 {
			a, b := c.Points[i-1], c.Points[i]
			c.Area += (b.X - a.X) * (a.Y + b.Y) / 2
		}
	}
	return c, nil
}

// PrecisionRecall is precision over recall: X is the share of the positive rows that are decided to be positive, Y the share of positive
// rows among those that are so decided, 1 where none is. The area is the average precision, Σ (X_i - X_{i-1})·Y_i, which does not interpolate.
//
// Source: sklearn.metrics.precision_recall_curve, sklearn.metrics.average_precision_score.
func PrecisionRecall(rows []Row) (Curve, error) {
	ts, err := tallies(rows)
	if err != nil {
		return Curve{}, err
	}
	all := ts[len(ts)-1]
	c := Curve{Points: []Point{{0, 1, ts[0].threshold}}, Positive: share(all.positive, all.positive+all.negative)}
	for i, t := range ts[1:] {
		p := Point{share(t.positive, all.positive), share(t.positive, t.positive+t.negative), t.threshold}
		c.Area += (p.X - c.Points[i].X) * p.Y
		c.Points = append(c.Points, p)
	}
	return c, nil
}

func share(part, whole int64) float64 { return float64(part) / float64(whole) }
