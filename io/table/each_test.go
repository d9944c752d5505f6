package table

import (
	"context"
	"errors"
	"io"
	"testing"
)

// fixedStore reads batches of fixed numbers of rows.
type fixedStore struct {
	Store
	batches []int
	closed  bool
}

func (s *fixedStore) Read(context.Context, Partition, ReadOptions) (Reader, error) { return s, nil }
func (s *fixedStore) Schema() Schema                                               { return nil }
func (s *fixedStore) Close() error                                                 { s.closed = true; return nil }

func (s *fixedStore) Next(context.Context) (*Batch, error) {
	if len(s.batches) == 0 {
		return nil, io.EOF
	}
	b := &Batch{Rows: s.batches[0]}
	s.batches = s.batches[1:]
	return b, nil
}

func TestEachBatch(t *testing.T) {
	stop := errors.New("stop")
	for _, c := range []struct {
		batches []int
		fail    error
		calls   int
		want    error
	}{
		{[]int{2, 3}, nil, 2, nil},
		{nil, nil, 0, ErrCorrupt},
		{[]int{2, 2}, nil, 2, ErrCorrupt},
		{[]int{2, 3, 1}, nil, 2, ErrCorrupt},
		{[]int{2, 3}, stop, 1, stop},
	} {
		s, calls := &fixedStore{batches: c.batches}, 0
		err := EachBatch(t.Context(), s, Partition{Table: Name{Table: "t"}, Rows: 5}, ReadOptions{}, func(*Batch) error {
			calls++
			return c.fail
		})
		if !errors.Is(err, c.want) || calls != c.calls || !s.closed {
			t.Errorf("batches %v: %d calls, error %v, closed %v", c.batches, calls, err, s.closed)
		}
	}
}
