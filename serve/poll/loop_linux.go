package poll

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A loop is the goroutine that reads and writes held sockets, while there are any.
type loop struct {
	mu      sync.Mutex
	epoll   int // its descriptors, while it runs
	event   int // is written to, to make the loop look at woken
	members []*pair
	woken   []*pair
	count   int // of pairs
}

// A pair is two sockets that are held together.
type pair struct {
	ends  [2]*Socket
	ready func(end int) bool
	in    bool          // the loop waits for it
	gone  bool          // it does not any more, or never will
	left  chan struct{} // closed then
}

// stay holds two sockets until ready, which is called with 0 or 1 when something has arrived at one of them, returns false, or one is
// woken or closed. ready is called for both at first: something may have been read before they were held.
func (l *loop) stay(ends [2]*Socket, ready func(end int) bool) error {
	p := &pair{ends: ends, ready: ready, left: make(chan struct{})}
	wake := func() { l.wake(p) }
	if err := ends[0].hold(wake); err != nil {
		return err
	}
	defer ends[0].release()
	if err := ends[1].hold(wake); err != nil {
		return err
	}
	defer ends[1].release()
	if !ready(0) || !ready(1) {
		return nil
	}
	if err := l.enter(p); err != nil {
		return err
	}
	<-p.left
	return nil
}

// enter makes the loop wait for a pair.
func (l *loop) enter(p *pair) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.gone { // it was woken already
		close(p.left)
		return nil
	}
	if l.count == 0 {
		if err := l.open(); err != nil {
			return err
		}
	}
	for i, s := range p.ends {
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, s.held, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.held)}); err != nil {
			for _, s := range p.ends[:i] {
				l.forget(s.held)
			}
			if l.count == 0 {
				l.close()
			}
			return os.NewSyscallError("epoll_ctl", err)
		}
		for len(l.members) <= s.held {
			l.members = append(l.members, nil)
		}
		l.members[s.held] = p
	}
	p.in = true
	if l.count++; l.count == 1 {
		go l.run(l.epoll, l.event)
	}
	return nil
}

func (l *loop) open() error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return errors.Join(os.NewSyscallError("eventfd", err), unix.Close(epoll))
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, event, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(event)}); err != nil {
		return errors.Join(os.NewSyscallError("epoll_ctl", err), unix.Close(event), unix.Close(epoll))
	}
	l.epoll, l.event = epoll, event
	return nil
}

func (l *loop) close() {
	_ = unix.Close(l.event)
	_ = unix.Close(l.epoll)
}

// forget makes the loop wait for a socket no more.
func (l *loop) forget(held int) {
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, held, nil) // it is there
	l.members[held] = nil
}

// wake makes the loop give a pair back.
func (l *loop) wake(p *pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case p.gone:
	case !p.in:
		p.gone = true
	default:
		l.woken = append(l.woken, p)
		_, _ = unix.Write(l.event, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // it is full only when the loop is about to look
	}
}

// mostEvents is how many sockets the kernel names at once.
const mostEvents = 64

// run is the loop. It ends with the last pair.
func (l *loop) run(epoll, event int) {
	var events [mostEvents]unix.EpollEvent
	for {
		n, err := unix.EpollWait(epoll, events[:], -1)
		if err != nil { // interrupted; nothing else can happen to descriptors that are the loop's own
			continue
		}
		for _, e := range events[:n] {
			if int(e.Fd) == event {
				if l.giveBack() {
					return
				}
				continue
			}
			p := l.member(int(e.Fd))
			if p == nil { // it has left since
				continue
			}
			end := 0
			if p.ends[1].held == int(e.Fd) {
				end = 1
			}
			if !p.ready(end) && l.leave(p) {
				return
			}
		}
	}
}

func (l *loop) member(held int) *pair {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.members[held]
}

// giveBack gives the pairs back that were woken; last: the loop has none now.
func (l *loop) giveBack() (last bool) {
	var count [8]byte
	_, _ = unix.Read(l.event, count[:]) // it is there
	l.mu.Lock()
	woken := l.woken
	l.woken = nil
	l.mu.Unlock()
	for _, p := range woken {
		if l.leave(p) {
			return true
		}
	}
	return false
}

// leave gives a pair back; last: the loop has none now, and its descriptors are closed before the pair's user goes on.
func (l *loop) leave(p *pair) (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.gone {
		return false
	}
	p.gone = true
	for _, s := range p.ends {
		l.forget(s.held)
	}
	defer close(p.left)
	if l.count--; l.count > 0 {
		return false
	}
	l.close()
	l.members, l.woken = nil, nil
	return true
}
