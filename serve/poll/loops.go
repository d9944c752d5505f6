package poll

import "sync/atomic"

// Loops share the sockets of a process.
type Loops struct {
	all  []loop
	load []atomic.Int32 // pairs of each
}

// NewLoops makes loops, which take nothing while they hold nothing.
func NewLoops(n int) *Loops { return &Loops{make([]loop, n), make([]atomic.Int32, n)} }

// Stay holds two sockets until something comes up that is not for a loop. ready is called with 0 or 1 when something has arrived at one of
// them, and for both at first: something may have been read before. When it returns false, and when a socket is woken or closed, the
// sockets are their user's again. An error says why they were not held.
func (l *Loops) Stay(a, b *Socket, ready func(end int) bool) error {
	least := 0
	for i := range l.load {
		if l.load[i].Load() < l.load[least].Load() {
			least = i
		}
	}
	l.load[least].Add(1)
	defer l.load[least].Add(-1)
	return l.all[least].stay([2]*Socket{a, b}, ready)
}

// Held is how many pairs of sockets are held, or about to be.
func (l *Loops) Held() int {
	n := 0
	for i := range l.load {
		n += int(l.load[i].Load())
	}
	return n
}
