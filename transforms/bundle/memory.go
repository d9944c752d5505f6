package bundle

import (
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memory is what a run may still keep in a process.
type memory struct {
	mu   sync.Mutex
	free int64
}

// Reserve takes so many bytes of the memory that the run may keep rows in, in this process; false: so much is not left, and nothing is
// taken.
func (r *Run) Reserve(bytes int64) bool {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	if bytes > r.memory.free {
		return false
	}
	r.memory.free -= bytes
	return true
}

// Release gives back what Reserve took.
func (r *Run) Release(bytes int64) {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.free += bytes
}

// machineMemory is the memory of the container, or else of the machine; what cannot be found out is no limit.
var machineMemory = sync.OnceValue(func() int64 {
	n, err := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
	if err != nil || n == 0 || n > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(n)
})
