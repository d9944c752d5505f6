package average

import (
	"context"
	"sync"

	"github.com/beamfit/beamfit/transforms/bundle"
)

// Spare is memory of vectors and sums that nobody needs any more, for those of the next round: with many rounds per pass it would else be
// made, cleared and collected for every one. It is safe for concurrent use. A nil Spare makes everything anew.
type Spare struct {
	mu      sync.Mutex
	bytes   int
	vectors map[int][][]float32 // by length
	sums    map[int][][2][]float64
}

// mostSpare is the most bytes that are kept.
const mostSpare = 64 << 20

// SpareOf is the spare memory of a run in this process.
func SpareOf(ctx context.Context, run bundle.Ref) (*Spare, error) {
	return bundle.Once(ctx, bundle.Of(run), "spare memory of averages", func(context.Context) (*Spare, error) { return &Spare{}, nil })
}

// Vector is memory for n weights, with any values.
func (s *Spare) Vector(n int) []float32 {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if v, ok := take(s.vectors, n); ok {
			s.bytes -= 4 * n
			return v
		}
	}
	return make([]float32, n)
}

// Give takes the memory of a vector, unless it is a piece, which shares that of others.
func (s *Spare) Give(v Vector) {
	n := len(v.Values)
	if v.Total > 0 || n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+4*n > mostSpare {
		return
	}
	if s.vectors == nil {
		s.vectors = map[int][][]float32{}
	}
	s.bytes += 4 * n
	s.vectors[n] = append(s.vectors[n], v.Values)
}

// sum is memory for the two halves of n sums, with any values.
func (s *Spare) sum(n int) (hi, lo []float64) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if pair, ok := take(s.sums, n); ok {
			s.bytes -= 16 * n
			return pair[0], pair[1]
		}
	}
	return make([]float64, n), make([]float64, n)
}

func (s *Spare) giveSum(t Sum) {
	n := len(t.Hi)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 || s.bytes+16*n > mostSpare {
		return
	}
	if s.sums == nil {
		s.sums = map[int][][2][]float64{}
	}
	s.bytes += 16 * n
	s.sums[n] = append(s.sums[n], [2][]float64{t.Hi, t.Lo})
}

// take takes one of the values of length n.
func take[T any](of map[int][]T, n int) (v T, ok bool) {
	list := of[n]
	if len(list) == 0 {
		return v, false
	}
	v = list[len(list)-1]
	of[n] = list[:len(list)-1]
	return v, true
}
