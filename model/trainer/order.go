package trainer

// A walkOrder is the order in which a walk goes over the rows of a shard.
type walkOrder struct {
	of   orderKey
	rows []int32
}

// An orderKey is all that the order of a walk follows from.
type orderKey struct {
	shuffle     shuffling
	seed        uint64 // 0 where nothing is shuffled
	rows, batch int
}

type shuffling int

const (
	noShuffling shuffling = iota
	shuffledRows
	shuffledBatches
)

// orderOf is the key of the order of a walk.
func (in TrainInput) orderOf(walk, rows, batch int) orderKey {
	k := orderKey{rows: rows, batch: batch}
	switch {
	case in.Fit.ShuffleBatches:
		k.shuffle = shuffledBatches
	case in.Fit.Shuffle:
		k.shuffle = shuffledRows
	default:
		return k
	}
	k.seed = mix(in.Seed, uint64(in.Shard), uint64(in.Iteration), forShuffle, uint64(walk))
	return k
}

// become makes the order that of a key, where it is another one.
func (o *walkOrder) become(k orderKey) {
	if o.of == k {
		return
	}
	if cap(o.rows) < k.rows {
		o.rows = make([]int32, k.rows)
	}
	o.of, o.rows = k, o.rows[:k.rows]
	switch k.shuffle {
	case shuffledBatches:
		shuffleBatches(o.rows, k.batch, k.seed)
	case shuffledRows:
		shuffle(o.rows, k.seed)
	default:
		identity(o.rows)
	}
}

// takeOrder gives a worker the order that the part before has left for a shard. To make it again would take as long as the shard has rows,
// however few steps a part has.
func (m *Model) takeOrder(shard int, w *worker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.orders[shard]; ok {
		w.order = o
		delete(m.orders, shard)
	}
}

// leaveOrder keeps a worker's order for the next part, which goes on in the middle of its walk.
func (m *Model) leaveOrder(shard int, w *worker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orders[shard], w.order = w.order, walkOrder{}
}
