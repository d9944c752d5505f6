package infer

import (
	"context"

	"github.com/beamfit/beamfit/io/table"
)

// numbers are the numbers of the rows of a batch in the table, from 0: those that are listed or, without a list, first and what follows.
type numbers struct {
	first  int64
	listed []int64
}

func (n numbers) at(i int) int64 {
	if n.listed != nil {
		return n.listed[i]
	}
	return n.first + int64(i)
}

// only selects the rows of a partition that are predicted; nil: all.
func (plan *Plan) only(ctx context.Context, p table.Partition) (*table.Selection, error) {
	if plan.Only == nil {
		return nil, nil
	}
	return table.Select(ctx, p, plan.Only.Held())
}

// A numbering numbers the rows of a partition's batches, one batch after the other. It keeps its memory from batch to batch.
type numbering struct {
	only   *table.Selection
	next   int64
	listed []int64
}

func newNumbering(p table.Partition, only *table.Selection) *numbering {
	n := &numbering{only: only, next: p.FirstRow}
	if only != nil {
		n.listed = []int64{}
	}
	return n
}

// of are the numbers of the next n rows that are read. They are valid until the next call.
func (g *numbering) of(n int) numbers {
	if g.only == nil {
		first := g.next
		g.next += int64(n)
		return numbers{first: first}
	}
	g.listed = g.listed[:0]
	for range n {
		row := g.only.Next(g.next)
		g.listed = append(g.listed, row)
		g.next = row + 1
	}
	return numbers{listed: g.listed}
}
