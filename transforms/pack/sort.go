package pack

import "context"

// A sink takes records on their way to their groups.
type sink interface {
	// put takes records of one group; record gives each. They are valid during the call.
	put(group int64, rows int, record func(i int) []byte) error
	// flush is called when the caller's memory will be used for other records.
	flush() error
}

// A sorter collects records in memory and hands them to a sink, sorted by group, whenever it has as many bytes as a group.
type sorter struct {
	sink    sink
	limit   int
	groups  int64
	records []byte
	group   []int64 // per record
}

// newSorter makes a sorter for that many rows, with room for all that it will have in memory: records that grew would be copied
// again and again, and leave several times their size behind.
func newSorter(p *Plan, rows int64, to sink) *sorter {
	size := int64(p.recordBytes())
	most := min(rows, (p.groupBytes()+size-1)/size)
	return &sorter{sink: to, limit: int(p.groupBytes()), groups: p.groups(), records: make([]byte, 0, most*size), group: make([]int64, 0, most)}
}

// flush hands the records over, group by group.
func (s *sorter) flush(ctx context.Context) error {
	if len(s.group) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A counting sort: starts[g] is where the records of group g begin in order.
	starts := make([]int, s.groups+1)
	for _, g := range s.group {
		starts[g+1]++
	}
	for g := range len(starts) - 1 {
		starts[g+1] += starts[g]
	}
	order, next := make([]int, len(s.group)), append([]int(nil), starts...)
	for i, g := range s.group {
		order[next[g]] = i
		next[g]++
	}
	size := len(s.records) / len(s.group)
	for g := range len(starts) - 1 {
		own := order[starts[g]:starts[g+1]]
		if len(own) == 0 {
			continue
		}
		err := s.sink.put(int64(g), len(own), func(i int) []byte { return s.records[own[i]*size : (own[i]+1)*size] })
		if err != nil {
			return err
		}
	}
	s.records, s.group = s.records[:0], s.group[:0]
	return s.sink.flush()
}
