package trainer

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/kernels"
)

// A State is what the optimizer of one shard remembers between two calls of Train. Slots are its arrays (moments) one after the
// other, each over the trainable weights only.
type State struct {
	Steps int64 // steps done
	Slots []float32
}

// stateVersion is the first byte of a State's bytes.
const stateVersion = 1

// Clone is a copy that shares no memory.
func (s State) Clone() State { return State{s.Steps, slices.Clone(s.Slots)} }

// NewState is the state before the first step.
func (m *Model) NewState() State { return m.Renew(State{Slots: make([]float32, m.slots)}) }

// Renew is the state before the first step, in the memory of another one.
func (m *Model) Renew(s State) State {
	clear(s.Slots)
	s.Steps = 0
	for slot := range m.slots / max(1, m.trainable) {
		if start := m.optimizer.SlotStart(slot); start != 0 {
			kernels.Fill(start, s.Slots[slot*m.trainable:][:m.trainable])
		}
	}
	return s
}

// CheckState reports a state that is not one of this model's optimizer.
func (m *Model) CheckState(s State) error {
	if len(s.Slots) != m.slots {
		return fmt.Errorf("trainer: optimizer state of %d elements, optimizer %s of this model has %d", len(s.Slots), m.optimizer.Name, m.slots)
	}
	return nil
}

// StateSize is the number of elements of the state of the model's optimizer.
func (m *Model) StateSize() int { return m.slots }

// MarshalBinary is AppendBinary to nothing.
func (s State) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// AppendBinary appends version (1 byte), steps (8) and slots (4 each), little-endian.
func (s State) AppendBinary(b []byte) ([]byte, error) {
	b = slices.Grow(b, 9+4*len(s.Slots))
	b = append(b, stateVersion)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.Steps))
	for _, v := range s.Slots {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) < 9 || (len(b)-9)%4 != 0 {
		return fmt.Errorf("trainer: %d bytes are not an optimizer state", len(b))
	}
	if b[0] != stateVersion {
		return fmt.Errorf("trainer: optimizer state of version %d, want %d", b[0], stateVersion)
	}
	steps := int64(binary.LittleEndian.Uint64(b[1:]))
	if steps < 0 {
		return fmt.Errorf("trainer: optimizer state after %d steps", steps)
	}
	s.Steps, s.Slots = steps, make([]float32, (len(b)-9)/4)
	for i := range s.Slots {
		s.Slots[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[9+4*i:]))
	}
	return nil
}
