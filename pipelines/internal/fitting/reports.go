package fitting

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// packedReports are reports as a checkpoint holds them: float64 numbers, little-endian, one report after the other: iteration, seconds
// elapsed, then the loss, where there are several outputs the loss of each, and the metrics of the training table and, where there is one, of the validation table.
type packedReports []tables.Report

// MarshalBinary writes the numbers.
func (p packedReports) MarshalBinary() ([]byte, error) {
	b := []byte{}
	put := func(values ...float64) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	for _, r := range p {
		put(float64(r.Iteration), r.Elapsed.Seconds())
		for _, s := range []*tables.Scores{r.Training, r.Validation} {
			if s != nil {
				put(float64(s.Loss))
				for _, l := range s.OutputLosses {
					put(float64(l))
				}
				put(s.Values()...)
			}
		}
	}
	return b, nil
}

// unpackReports reads what packedReports has written of iterations up to last, in their order. names are those of the metrics of each
// table that was scored, and outputs is the number of losses of outputs.
func unpackReports(b []byte, last int, names [][]string, outputs int) ([]tables.Report, error) {
	width := 2
	for _, metrics := range names {
		width += 1 + outputs + len(metrics)
	}
	if len(b)%(8*width) != 0 {
		return nil, fmt.Errorf("%d bytes of scores, expected %d for each report", len(b), 8*width)
	}
	var reports []tables.Report
	for ; len(b) > 0; b = b[8*width:] {
		values := make([]float64, width)
		for i := range values {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
		before := 0
		if n := len(reports); n > 0 {
			before = reports[n-1].Iteration
		}
		iteration := int(values[0])
		if float64(iteration) != values[0] || iteration <= before || iteration > last || !(values[1] >= 0 && values[1] < 1e9) {
			return nil, fmt.Errorf("scores of iteration %v after %v s, expected one from %d to %d", values[0], values[1], before+1, last)
		}
		reports = append(reports, unpackReport(iteration, values[1:], names, outputs))
	}
	return reports, nil
}

// unpackReport is the report of which values has what stands behind the iteration.
func unpackReport(iteration int, values []float64, names [][]string, outputs int) tables.Report {
	r := tables.Report{Iteration: iteration, Elapsed: time.Duration(values[0] * float64(time.Second))}
	values = values[1:]
	for i, to := range []**tables.Scores{&r.Training, &r.Validation}[:len(names)] {
		s := &tables.Scores{Loss: float32(values[0]), Names: names[i]}
		for _, v := range values[1:][:outputs] {
			s.OutputLosses = append(s.OutputLosses, float32(v))
		}
		values = values[1+outputs:]
		for _, v := range values[:len(names[i])] {
			s.Metrics = append(s.Metrics, float32(v))
		}
		*to, values = s, values[len(names[i]):]
	}
	return r
}
