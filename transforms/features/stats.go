package features

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
)

// Stats are what some rows have: an entry for every column of the variables, one variable after the other. The zero Stats are of no rows.
type Stats struct{ Columns []ColumnStats }

// ColumnStats are what a column has, as far as its steps ask for it. Lists have an entry for each value of a row.
type ColumnStats struct {
	Missing []int64
	// FirstMissing is the first row with a missing value, counted from 0; -1: there is none.
	FirstMissing int64
	Numbers      []numberStats
	Values       classes.Set
}

// numberStats are of the values that are not missing.
type numberStats struct {
	N int64
	// Fill is the sum of the values where the mean fills missing ones; Sum and Squares are those where they are scaled.
	Fill, Sum, Squares exactSum
	Min, Max           float64 // where they are scaled
	// Distinct counts each value, before steps.
	Distinct map[float64]int64
}

// A LimitError is a column that has more distinct values than a function counts.
type LimitError struct {
	Column, Function string
	Limit            int
}

func (e *LimitError) Error() string {
	name := table.Quote(e.Column)
	way := fmt.Sprintf("hash(%s, 64) puts them into buckets", name)
	if e.Function == median {
		way = fmt.Sprintf("mean(%s) counts none", name)
	}
	return fmt.Sprintf("column %q has more than %d distinct values, the limit of %s; %s, and %s(%s, limit=N) raises the limit",
		e.Column, e.Limit, e.Function, way, e.Function, name)
}

// Learns tells whether a pass over the rows is needed before the variables can be made.
func Learns(variables []Variable) bool {
	for _, v := range variables {
		for i := range v.Columns {
			if v.Columns[i].learns() {
				return true
			}
		}
	}
	return false
}

// A Collector makes Stats of rows.
type Collector struct {
	columns []collected
	finder  finder
	stats   Stats
	key     []byte
}

// A collected is what the steps of a column ask for.
type collected struct {
	*Column
	size              int
	values            int  // the limit of distinct values that become categories; 0: none are asked for
	null              bool // missing values are a category
	numbers           bool
	fill, low, sum    bool // the mean that fills; minimum and maximum; sum and squares
	fillLog, scaleLog bool // they are of the logarithm
	distinct          int  // the limit of values that the median counts; 0: none
}

// NewCollector makes a collector that has seen no row.
func NewCollector(variables []Variable) *Collector {
	c := &Collector{}
	for _, v := range variables {
		for i := range v.Columns {
			c.columns = append(c.columns, collect(&v.Columns[i]))
		}
	}
	c.stats = newStats(c.columns)
	return c
}

func newStats(columns []collected) Stats {
	s := Stats{Columns: make([]ColumnStats, len(columns))}
	for i, c := range columns {
		st := &s.Columns[i]
		st.Missing, st.FirstMissing = make([]int64, c.size), -1
		st.Values = classes.Set{}
		if c.numbers {
			st.Numbers = make([]numberStats, c.size)
			for k := range st.Numbers {
				st.Numbers[k].Min, st.Numbers[k].Max = math.MaxFloat64, -math.MaxFloat64
				st.Numbers[k].Distinct = map[float64]int64{}
			}
		}
	}
	return s
}

// collect finds what the steps of a column ask for.
func collect(c *Column) collected {
	out := collected{Column: c, size: c.Size()}
	logged := false
	for i := range c.Steps {
		s := &c.Steps[i]
		switch s.Function {
		case log1p:
			logged = true
		case mean:
			out.fill, out.fillLog = true, logged
		case median:
			out.distinct = s.limit()
		case standardise:
			out.sum, out.scaleLog = true, logged
		case minMax:
			out.low, out.scaleLog = true, logged
		case category:
			out.null = true
		case oneHot, index:
			if !c.has(hash) {
				out.values = s.limit()
			}
		}
	}
	out.numbers = out.fill || out.low || out.sum || out.distinct > 0
	return out
}

// Stats are those of the rows that were added.
func (c *Collector) Stats() Stats { return c.stats }

// Add adds the rows of a batch but those that without marks, nil for none; firstRow is the number of its first row in the table, from 0.
func (c *Collector) Add(b *table.Batch, without []bool, source table.Name, firstRow int64) error {
	at, err := c.finder.find(b, len(c.columns), func(i int) string { return c.columns[i].Name })
	if err != nil {
		return table.OfTable(source, err)
	}
	for k := range c.columns {
		col := &c.columns[k]
		row, err := col.add(&c.stats.Columns[k], &b.Cols[at[k]], without, b.Rows, firstRow, &c.key)
		if _, limit := err.(*LimitError); limit {
			return &table.TableError{Table: source, Err: err}
		}
		if err != nil {
			return &table.ValueError{Table: source, Column: col.Name, Row: firstRow + int64(row) + 1, Err: err}
		}
	}
	return nil
}

// add adds a column's values; row is where an error is, from 0 in the batch.
func (c *collected) add(st *ColumnStats, v *table.Vector, without []bool, rows int, firstRow int64, key *[]byte) (row int, err error) {
	src := sourceOf(v)
	for i := range rows {
		if without != nil && without[i] {
			continue
		}
		first, ok, err := src.elements(i, c.Shape)
		if err != nil {
			return i, err
		}
		for k := range c.size {
			if !ok || src.missing(first+k) {
				st.Missing[k]++
				if st.FirstMissing < 0 {
					st.FirstMissing = firstRow + int64(i)
				}
				if c.values > 0 && c.null {
					st.Values.AddNull(firstRow + int64(i))
				}
				continue
			}
			if c.values > 0 {
				*key = st.Values.Add(v, i, firstRow+int64(i), *key)
				continue
			}
			if c.numbers {
				if err := c.number(&st.Numbers[k], src, first+k); err != nil {
					return i, err
				}
			}
		}
		if c.values > 0 && len(st.Values) > c.values {
			return i, c.limited()
		}
	}
	if st.distinct() > c.distinct {
		return 0, c.limited()
	}
	return 0, nil
}

// number adds one value.
func (c *collected) number(st *numberStats, src source, j int) error {
	x, err := src.number(j)
	if err != nil {
		return err
	}
	st.N++
	if c.distinct > 0 {
		st.Distinct[x]++
	}
	y := x
	if c.fillLog || c.scaleLog {
		if y, err = log(x); err != nil {
			return err
		}
	}
	if c.fill {
		st.Fill.add(pick(c.fillLog, y, x))
	}
	if z := pick(c.scaleLog, y, x); c.sum {
		st.Sum.add(z)
		st.Squares.addSquare(z)
	} else if c.low {
		st.Min, st.Max = min(st.Min, z), max(st.Max, z)
	}
	return nil
}

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

// limited is the error of too many distinct values.
func (c *collected) limited() error {
	if c.values > 0 {
		return &LimitError{c.Name, c.last().Function, c.values}
	}
	return &LimitError{c.Name, median, c.distinct}
}

// Merge adds Stats of other rows, of the same variables. It keeps none of the memory of t, and may be called on the zero Stats.
func (s *Stats) Merge(t Stats, variables []Variable) error {
	if t.Columns == nil {
		return nil
	}
	c := NewCollector(variables)
	if s.Columns == nil {
		s.Columns = c.stats.Columns
	}
	for i := range s.Columns {
		s.Columns[i].merge(&t.Columns[i])
		if col := &c.columns[i]; col.values > 0 && len(s.Columns[i].Values) > col.values || s.Columns[i].distinct() > col.distinct {
			return col.limited()
		}
	}
	return nil
}

func (s *ColumnStats) merge(t *ColumnStats) {
	for k, n := range t.Missing {
		s.Missing[k] += n
	}
	if s.FirstMissing < 0 || t.FirstMissing >= 0 && t.FirstMissing < s.FirstMissing {
		s.FirstMissing = t.FirstMissing
	}
	if s.Values == nil {
		s.Values = classes.Set{} // a coder drops empty maps
	}
	s.Values.Merge(t.Values)
	for k := range s.Numbers {
		s.Numbers[k].merge(&t.Numbers[k])
	}
}

func (s *numberStats) merge(t *numberStats) {
	s.N += t.N
	s.Fill.merge(t.Fill)
	s.Sum.merge(t.Sum)
	s.Squares.merge(t.Squares)
	s.Min, s.Max = min(s.Min, t.Min), max(s.Max, t.Max)
	if s.Distinct == nil {
		s.Distinct = map[float64]int64{}
	}
	for x, n := range t.Distinct {
		s.Distinct[x] += n
	}
}

// distinct is how many values the median counts, in all elements of an array.
func (s *ColumnStats) distinct() int {
	n := 0
	for k := range s.Numbers {
		n += len(s.Numbers[k].Distinct)
	}
	return n
}
