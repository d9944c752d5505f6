package pgio

import "github.com/beamfit/beamfit/io/table"

// picked tells which of the rows that the server sends are wanted, where it sends all of them. nil: every one.
type picked struct {
	only     *table.Selection
	at, left int64 // the number of the row that comes next, and how many are still wanted
}

// picks are the rows to be picked of what the query of a partition gives; nil: the query does it, or all are wanted.
func (t partitionToken) picks(only *table.Selection) *picked {
	if only == nil || t.Heap {
		return nil
	}
	return &picked{only: only, left: only.Len()} // what has no places is one partition
}

// next tells whether the next row is wanted.
func (p *picked) next() bool {
	if p == nil {
		return true
	}
	wanted := p.left > 0 && p.only.Next(p.at) == p.at
	if p.at++; wanted {
		p.left--
	}
	return wanted
}

// done tells whether no row that comes is wanted.
func (p *picked) done() bool { return p != nil && p.left == 0 }
