package curve

// A Confusion counts rows by the class that they have and the class that is predicted for them.
type Confusion struct {
	Classes []string
	// Counts has a row per true class and a column per predicted one, in the order of Classes.
	Counts [][]int64
}

// NewConfusion has no rows yet.
func NewConfusion(classes []string) *Confusion {
	c := &Confusion{Classes: classes, Counts: make([][]int64, len(classes))}
	for i := range c.Counts {
		c.Counts[i] = make([]int64, len(classes))
	}
	return c
}

// Add counts a row, by the indexes of its classes.
func (c *Confusion) Add(truth, predicted int) { c.Counts[truth][predicted]++ }

// Rows is the number of rows of a true class.
func (c *Confusion) Rows(truth int) (rows int64) {
	for _, n := range c.Counts[truth] {
		rows += n
	}
	return rows
}

// Total is the number of all rows, and right that of those whose class is predicted.
func (c *Confusion) Total() (right, rows int64) {
	for i := range c.Counts {
		right += c.Counts[i][i]
		rows += c.Rows(i)
	}
	return right, rows
}

// Of are the precision and the recall of a class: the share of its rows among those for which it is predicted, and the share of its rows for
// which it is; 0 where there are none.
//
// Source: sklearn.metrics.precision_recall_fscore_support (zero_division=0).
func (c *Confusion) Of(class int) (precision, recall float64) {
	var predicted int64
	for truth := range c.Counts {
		predicted += c.Counts[truth][class]
	}
	if predicted > 0 {
		precision = share(c.Counts[class][class], predicted)
	}
	if rows := c.Rows(class); rows > 0 {
		recall = share(c.Counts[class][class], rows)
	}
	return precision, recall
}
