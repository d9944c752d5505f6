package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Shard is the element that stands for a shard: all that a worker needs to read it.
type Shard struct {
	Table Table
	// Index numbers the shards of the table from 0 in the order of their keys, and Key is __dist_key__.
	Index int
	Key   int64
	// Rows and Buffers count what the shard holds.
	Rows, Buffers int
	// Parts are the partitions with its buffers; where buffers of other shards lie among them, they are passed over.
	Parts []table.Partition
	// Digest is the SHA-256 of its values, in hexadecimal digits; "": not known.
	Digest string `json:",omitempty"`
}

// MarshalBinary writes JSON.
func (s Shard) MarshalBinary() ([]byte, error) { return json.Marshal(s) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Shard) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, s) }

// CollectKey is the number of the shard.
func (s Shard) CollectKey() string { return strconv.Itoa(s.Index) }

// held is what a shard holds, in memory or in a file. Nobody changes it.
type held interface {
	// data is rows from to to-1.
	data(from, to int) trainer.Dataset
	// digest is the SHA-256 of all values, buffer by buffer.
	digest(ctx context.Context) (string, error)
}

// Data is what the shard holds, read at the first call in a process. Nobody changes it.
func (s Shard) Data(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (trainer.Dataset, error) {
	h, err := s.load(ctx, run, model)
	if err != nil {
		return nil, err
	}
	return h.data(0, s.Rows), nil
}

// load reads the shard alone.
func (s Shard) load(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (held, error) {
	all, err := load(ctx, run, model, []Shard{s})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// changed is the error for a shard that is not what Open has found, or not what was read before.
func (s Shard) changed(why string) error {
	return &table.TableError{Table: s.Table.Name, Err: fmt.Errorf("shard %d: %w%s", s.Index, table.ErrChanged, why)}
}

// checkCounts checks what was read of the shard.
func (s Shard) checkCounts(buffers, rows int) error {
	if buffers == s.Buffers && rows == s.Rows {
		return nil
	}
	return s.changed(fmt.Sprintf(": %d buffers with %d rows, expected %d with %d", buffers, rows, s.Buffers, s.Rows))
}

// checkDigest checks the values of the shard, where those of an earlier reading are known.
func (s Shard) checkDigest(ctx context.Context, h held) error {
	if s.Digest == "" {
		return nil
	}
	digest, err := h.digest(ctx)
	if err == nil && digest != s.Digest {
		err = s.changed("")
	}
	return err
}
