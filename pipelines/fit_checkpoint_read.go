package pipelines

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
)

// A checkpoint is what a checkpoint table holds.
type checkpoint struct {
	iteration int
	started   time.Time
	elapsed   time.Duration
	weights   []byte
	states    map[int]trainer.State // by shard
	reports   map[int]scoreReport   // by iteration
}

// checkCheckpoint checks the columns of a table. It may have more.
func checkCheckpoint(s table.Schema) error {
	for _, want := range checkpointSchema {
		i := s.Index(want.Name)
		if i < 0 {
			return fmt.Errorf("is no checkpoint: there is no column %q", want.Name)
		}
		if got := s[i].Type; got.Kind != want.Type.Kind || got.Array != want.Type.Array {
			return fmt.Errorf("is no checkpoint: column %q has type %s, expected %s", want.Name, got, want.Type)
		}
	}
	return nil
}

// readArguments is the identity of the fit whose checkpoint it is.
func readArguments(b *table.Batch) (arguments map[string]string, err error) {
	if b.Rows == 0 || b.Col("arguments").IsNull(0) {
		return nil, errors.New("is no checkpoint: arguments are missing")
	}
	if err := json.Unmarshal([]byte(b.Col("arguments").Strings[0]), &arguments); err != nil {
		return nil, fmt.Errorf("is no checkpoint: arguments: %w", err)
	}
	return arguments, nil
}

// readCheckpoint reads the rows of a checkpoint, whose columns are those of checkpointSchema. names are those of the metrics per
// table that was scored.
func readCheckpoint(b *table.Batch, shards int, names [][]string) (*checkpoint, error) {
	if b.Rows != shards {
		return nil, fmt.Errorf("has %d rows, expected one for each of %d shards", b.Rows, shards)
	}
	c := &checkpoint{states: map[int]trainer.State{}}
	for i := range b.Rows {
		for _, name := range []string{"iteration", "start_training_time", "elapsed_time", "shard", "optimizer_state"} {
			if b.Col(name).IsNull(i) {
				return nil, fmt.Errorf("row %d: %s is NULL", i+1, name)
			}
		}
		shard := int(b.Col("shard").Int32s[i])
		if _, twice := c.states[shard]; twice || shard < 0 || shard >= shards {
			return nil, fmt.Errorf("row %d: shard %d, expected each of 0 to %d once", i+1, shard, shards-1)
		}
		var state trainer.State
		if err := state.UnmarshalBinary(b.Col("optimizer_state").Bytes[i]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		c.states[shard] = state
		if shard > 0 {
			continue
		}
		if err := c.readShared(b, i, names); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return c, nil
}

// readShared reads what the row of shard 0 has for all.
func (c *checkpoint) readShared(b *table.Batch, i int, names [][]string) (err error) {
	if c.iteration = int(b.Col("iteration").Int32s[i]); c.iteration < 1 {
		return fmt.Errorf("iteration %d, expected at least 1", c.iteration)
	}
	if c.started, err = time.Parse(time.RFC3339Nano, b.Col("start_training_time").Strings[i]); err != nil {
		return fmt.Errorf("start_training_time: %w", err)
	}
	seconds := b.Col("elapsed_time").Float64s[i]
	if !(seconds >= 0 && seconds < 1e9) {
		return fmt.Errorf("elapsed_time %v, expected seconds", seconds)
	}
	c.elapsed = time.Duration(seconds * float64(time.Second))
	if b.Col("model_weights").IsNull(i) || b.Col("scores").IsNull(i) {
		return errors.New("model_weights or scores are NULL")
	}
	c.weights = b.Col("model_weights").Bytes[i]
	v := b.Col("scores")
	c.reports, err = unpackReports(v.Float64s[v.Offsets[i]:v.Offsets[i+1]], c.iteration, names)
	return err
}

// packReports writes reports as numbers, one after the other: iteration, seconds elapsed, then loss and metrics of the training
// table and, where there is one, of the validation table.
func packReports(reports []scoreReport) []float64 {
	values := []float64{}
	for _, r := range reports {
		values = append(values, float64(r.Iteration), r.Elapsed.Seconds())
		for _, s := range []*scores{r.Training, r.Validation} {
			if s != nil {
				values = append(append(values, float64(s.Loss)), s.values()...)
			}
		}
	}
	return values
}

// unpackReports reads what packReports wrote of iterations up to last.
func unpackReports(values []float64, last int, names [][]string) (map[int]scoreReport, error) {
	width := 2
	for _, metrics := range names {
		width += 1 + len(metrics)
	}
	if len(values)%width != 0 {
		return nil, fmt.Errorf("%d numbers of scores, expected %d for each report", len(values), width)
	}
	reports := map[int]scoreReport{}
	for ; len(values) > 0; values = values[width:] {
		iteration := int(values[0])
		if float64(iteration) != values[0] || iteration < 1 || iteration > last || !(values[1] >= 0 && values[1] < 1e9) {
			return nil, fmt.Errorf("scores of iteration %v after %v s, expected one from 1 to %d", values[0], values[1], last)
		}
		r := scoreReport{Iteration: iteration, Elapsed: time.Duration(values[1] * float64(time.Second))}
		rest := values[2:width]
		for i, to := range []**scores{&r.Training, &r.Validation}[:len(names)] {
			s := &scores{Loss: float32(rest[0]), Names: names[i]}
			for _, v := range rest[1:][:len(names[i])] {
				s.Metrics = append(s.Metrics, float32(v))
			}
			*to, rest = s, rest[1+len(names[i]):]
		}
		reports[iteration] = r
	}
	return reports, nil
}
