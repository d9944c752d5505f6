package fitting

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/score"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[iterationScores](), iterationScores.MarshalBinary, decodeIterationScores)
	beam.RegisterType(reflect.TypeFor[scoredFn]())
	collect.Register[iterationScores]()
}

// iterationScores are the scores after an iteration, and when they were there.
type iterationScores struct {
	Iteration int
	At        time.Time
	Scores    score.Scores
}

// scoresKey begins the keys of the scores of iterations.
const scoresKey = "scores-"

// CollectKey is the number of the iteration.
func (s iterationScores) CollectKey() string { return strconv.Itoa(s.Iteration) }

func (s iterationScores) key() string { return scoresKey + s.CollectKey() }

// MarshalBinary writes the iteration and the time in nanoseconds since 1970 (int64, little-endian), and the scores.
func (s iterationScores) MarshalBinary() ([]byte, error) {
	scores, err := s.Scores.MarshalBinary()
	b := binary.LittleEndian.AppendUint64(nil, uint64(s.Iteration))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.At.UnixNano()))
	return append(b, scores...), err
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *iterationScores) UnmarshalBinary(b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("%d bytes are no scores of an iteration", len(b))
	}
	s.Iteration, s.At = int(binary.LittleEndian.Uint64(b)), time.Unix(0, int64(binary.LittleEndian.Uint64(b[8:])))
	return s.Scores.UnmarshalBinary(b[16:])
}

func decodeIterationScores(b []byte) (iterationScores, error) {
	return bundle.FromBytes[iterationScores](b)
}

// scoredFn takes the time at which an iteration is scored. Its second output is the gate of the next iteration.
type scoredFn struct{ Iteration int }

func (f *scoredFn) ProcessElement(_ context.Context, s score.Scores, scores func(iterationScores), gate func(int)) {
	scores(iterationScores{f.Iteration, time.Now(), s})
	gate(f.Iteration)
}
