//go:build gpu

package cuda

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"weak"

	"gorgonia.org/cu"
)

// A card is a GPU in this process, whichever Devices work on it: what they have there.
type card struct {
	dev cu.Device

	mu      sync.Mutex
	devices map[*Device]struct{} // that are open
	live    map[*resources]struct{}
	taken   int64 // bytes of arenas and rows

	// What the Devices have together that have started it; see context.go.
	users     int
	ctx       cu.CUContext
	modules   map[string]cu.Module // by their PTX
	functions map[string]cu.Function
}

// cards are those of the process, by the driver's numbers.
var cards struct {
	mu  sync.Mutex
	all map[int]*card
}

func cardOf(number int, dev cu.Device) *card {
	cards.mu.Lock()
	defer cards.mu.Unlock()
	c := cards.all[number]
	if c == nil {
		c = &card{dev: dev, devices: map[*Device]struct{}{}, live: map[*resources]struct{}{}}
		if cards.all == nil {
			cards.all = map[int]*card{}
		}
		cards.all[number] = c
	}
	return c
}

func (c *card) add(d *Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.devices[d] = struct{}{}
}

func (c *card) remove(d *Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.devices, d)
}

func (c *card) remember(r *resources) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[r] = struct{}{}
}

func (c *card) forget(r *resources) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.live, r)
}

// take counts bytes of arenas and rows where that are most together; else it says how many there are.
func (c *card) take(bytes, most int64) (taken int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken+bytes > most {
		return c.taken, false
	}
	c.taken += bytes
	return c.taken, true
}

func (c *card) give(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken -= bytes
}

// reclaim frees what nobody works with: memories that are kept for later, and those that are no longer reachable, whether the collector has seen that or not.
func (c *card) reclaim() {
	c.mu.Lock()
	devices := slices.Collect(maps.Keys(c.devices))
	c.mu.Unlock()
	for _, d := range devices {
		d.closeIdle()
	}
	runtime.GC()
	c.mu.Lock()
	live := slices.Collect(maps.Keys(c.live))
	c.mu.Unlock()
	for _, r := range live {
		if r.lost() {
			_ = r.free() // what goes wrong is an error of the next call
		}
	}
}

// collected makes resources those of an owner, with which they are freed where nobody has done it before.
func collected[T any](r *resources, owner *T) {
	reachable := weak.Make(owner)
	r.mu.Lock()
	r.lostBy = func() bool { return reachable.Value() == nil }
	r.mu.Unlock()
	runtime.AddCleanup(owner, func(r *resources) { _ = r.free() }, r)
}

// lost says that the owner is not reachable any more.
func (r *resources) lost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lostBy != nil && r.lostBy()
}
