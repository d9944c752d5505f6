package trainer

import (
	"io"
	"slices"
	"sync"
)

// mostIdle bounds the workers that are kept on devices with memory of their own: those of sizes that come no more are not kept for ever.
const mostIdle = 32

// idle are the workers that nobody works with, for the next call. Those whose memory is the host's are the collector's to take. Of a device's memory it
// does not know how much there is: such workers stay until there are too many, the device is full, or the model is closed.
type idle struct {
	mu    sync.Mutex
	pools map[poolKey]*sync.Pool
	owned []*worker // the last ones worked last
}

// take is a worker that was put back; nil: there is none.
func (i *idle) take(key poolKey) *worker {
	i.mu.Lock()
	defer i.mu.Unlock()
	for at, w := range slices.Backward(i.owned) {
		if w.key == key {
			i.owned = slices.Delete(i.owned, at, at+1)
			return w
		}
	}
	if pool := i.pools[key]; pool != nil {
		w, _ := pool.Get().(*worker)
		return w
	}
	return nil
}

func (i *idle) put(w *worker) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, owned := w.memory.(io.Closer); owned {
		i.owned = append(i.owned, w)
		i.closeFirst(len(i.owned) - mostIdle)
		return
	}
	if i.pools == nil {
		i.pools = map[poolKey]*sync.Pool{}
	}
	if i.pools[w.key] == nil {
		i.pools[w.key] = &sync.Pool{}
	}
	i.pools[w.key].Put(w)
}

// drop gives the memory of devices back.
func (i *idle) drop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closeFirst(len(i.owned))
}

// closeFirst closes the first n. What goes wrong there is an error of the next call that the device gets.
func (i *idle) closeFirst(n int) {
	for range n {
		_ = i.owned[0].memory.(io.Closer).Close()
		i.owned = slices.Delete(i.owned, 0, 1)
	}
}

// clear forgets all: what a device has of them is given back with the device.
func (i *idle) clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pools, i.owned = nil, nil
}
