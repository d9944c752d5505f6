package outcomes

import (
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/model/curve"
)

// All are the outcomes of rows for one dependent variable.
type All struct {
	// Variable is the dependent variable, and Classes its values as text, NULL for a class that is NULL.
	Variable string
	Classes  []string
	// Unpredicted is the number of rows that have a truth and no prediction.
	Unpredicted int64

	truth, predicted []int32 // per row, indexes of classes
	// probs are the probabilities per class and row, NaN where they are not known; nil for a class that is never predicted.
	probs [][]float32
}

// ErrNoProbabilities is the error of outcomes that are to be ranked by probabilities and have not those of every class.
var ErrNoProbabilities = errors.New("not every class has a probability in every row; predict with --type prob writes them")

// Rows is the number of rows.
func (o *All) Rows() int { return len(o.truth) }

// Confusion counts the rows by both classes.
func (o *All) Confusion() *curve.Confusion {
	c := curve.NewConfusion(o.Classes)
	for i, truth := range o.truth {
		c.Add(int(truth), int(o.predicted[i]))
	}
	return c
}

// against is a class against all others: of every row the probability of the class, and whether it is the row's.
func (o *All) against(class int) ([]curve.Row, error) {
	rows := make([]curve.Row, len(o.truth))
	for i, truth := range o.truth {
		p := o.probs[class][i]
		if p != p {
			return nil, ErrNoProbabilities
		}
		rows[i] = curve.Row{Score: float64(p), Positive: int(truth) == class}
	}
	return rows, nil
}

// drawn are the classes that curves are drawn of: of two the second, which is the positive one, of more each. What the model does not know has
// no probability.
func (o *All) drawn() (known []int) {
	for i := range o.Classes {
		if o.probs[i] != nil {
			known = append(known, i)
		}
	}
	if len(known) == 2 {
		return known[1:]
	}
	return known
}

// EachClass calls draw with each of the classes that curves are drawn of and its rows. Of several, those that no row has, or every row, are left out:
// they have no curve. An error of draw names the class.
func (o *All) EachClass(draw func(name string, rows []curve.Row) error) error {
	drawn := o.drawn()
	for _, class := range drawn {
		rows, err := o.against(class)
		if err != nil {
			return err
		}
		err = draw(o.Classes[class], rows)
		if errors.Is(err, curve.ErrOneKind) && len(drawn) > 1 {
			continue
		}
		if err != nil {
			return fmt.Errorf("class %q: %w", o.Classes[class], err)
		}
	}
	return nil
}
