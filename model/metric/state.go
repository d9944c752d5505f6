package metric

import (
	"encoding/binary"
	"errors"
	"slices"
)

// A State is what a metric has seen of a table: counts and exact sums, whose meaning is the metric's. States of parts of the
// rows merge into that of the whole by addition, so that it does not depend on the parts or their order. It is made by
// Metric.NewState.
type State struct {
	counts []uint64
	sums   []Sum
}

// maxState is the most counts and sums of a state; it bounds the memory that arguments can ask for.
const maxState = 1 << 20

// Merge takes in the state of other rows, which must be one of the same metric.
func (s *State) Merge(other *State) {
	for i, n := range other.counts {
		s.counts[i] += n
	}
	for i := range other.sums {
		s.sums[i].Merge(&other.sums[i])
	}
}

// Mergeable tells whether the state could be one of the same metric.
func (s *State) Mergeable(other *State) bool {
	return len(s.counts) == len(other.counts) && len(s.sums) == len(other.sums)
}

// Clone shares no memory with s.
func (s *State) Clone() State {
	return State{slices.Clone(s.counts), slices.Clone(s.sums)}
}

// AppendBinary appends the state's bytes: the number of counts, the counts and the number of sums as uvarints, then the
// sums.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(s.counts)))
	for _, n := range s.counts {
		b = binary.AppendUvarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(s.sums)))
	for i := range s.sums {
		b, _ = s.sums[i].AppendBinary(b) // never fails
	}
	return b, nil
}

var errState = errors.New("metric: bytes that are no state of a metric")

// UnmarshalBinary reads what AppendBinary wrote.
func (s *State) UnmarshalBinary(b []byte) error {
	var read State
	next := func() (uint64, bool) {
		n, used := binary.Uvarint(b)
		if used <= 0 {
			return 0, false
		}
		b = b[used:]
		return n, true
	}
	counts, ok := next()
	if !ok || counts > uint64(len(b)) {
		return errState
	}
	for range counts {
		n, ok := next()
		if !ok {
			return errState
		}
		read.counts = append(read.counts, n)
	}
	sums, ok := next()
	if !ok || sums > uint64(len(b)) || sums*sumBytes != uint64(len(b)) {
		return errState
	}
	if sums > 0 {
		read.sums = make([]Sum, sums)
	}
	for i := range read.sums {
		if err := read.sums[i].UnmarshalBinary(b[i*sumBytes : (i+1)*sumBytes]); err != nil {
			return err
		}
	}
	*s = read
	return nil
}
