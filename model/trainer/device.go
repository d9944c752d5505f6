package trainer

import (
	"errors"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/model/plan"
)

// places is how many the device has.
func (m *Model) places() int {
	if d, ok := m.device.(plan.Placed); ok {
		return d.Places()
	}
	return 1
}

// placeOf is the place of a shard's memory and rows.
func (m *Model) placeOf(shard int) int { return shard % m.places() }

// anyPlace is the next place for work that belongs to no shard.
func (m *Model) anyPlace() int { return int(m.turn.Add(1)-1) % m.places() }

// memory allocates at a place.
func (m *Model) memory(place int, sizes plan.Sizes) (plan.Memory, error) {
	if d, ok := m.device.(plan.Placed); ok {
		return d.NewMemoryAt(place, sizes)
	}
	return m.device.NewMemory(sizes)
}

// shardError names the shard that a device has no memory for.
func shardError(shard int, err error) error {
	if full := (*plan.MemoryError)(nil); errors.As(err, &full) {
		return fmt.Errorf("shard %d: %w", shard, err)
	}
	return err
}

// Close frees what the model has on its device, whose work must have ended, and closes the device where it can be closed: the model
// is not to be used again.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for shard, k := range m.kept {
		errs = append(errs, k.close())
		delete(m.kept, shard)
	}
	m.idle.clear()
	if c, ok := m.device.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
