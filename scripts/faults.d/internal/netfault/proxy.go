// Package netfault is a TCP proxy between a client and a server that can do what networks do: cut connections, pass nothing on for a
// while, or be slow; at any moment, or when the client sends a certain text.
//
// A Proxy begins without faults. Mend takes all faults away; connections that were cut stay cut.
package netfault

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A Proxy passes the bytes of connections on to a server. Its methods may be called at any time from any goroutine.
type Proxy struct {
	listener net.Listener
	target   string
	pumps    sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed when what follows changes
	closed  bool
	links   map[*link]struct{}
	refuse  bool
	stalled bool
	delay   time.Duration // of every piece that is passed on
	rate    int           // bytes per second in each direction; 0: as many as there are
	watch   *Watch
}

// A Watch cuts the connection on which the client sends a text.
type Watch struct {
	Text string // in any case
	// Deliver passes the text on before the cut, so that the server acts on it and the client never learns.
	Deliver bool
	// Skip is how many times the text may pass before.
	Skip int

	fired bool
}

// deliveryTime is how long a server has to act on what a Watch delivers before the connection is cut.
const deliveryTime = 100 * time.Millisecond

// A link is a connection of a client and the one to the server that belongs to it.
type link struct {
	client, server *net.TCPConn
	deaf           bool // answers are not passed on
}

// Listen starts a proxy on a free port of 127.0.0.1 for the server at the address target.
func Listen(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, changed: make(chan struct{}), links: map[*link]struct{}{}}
	p.pumps.Go(p.accept)
	return p, nil
}

// Addr is the address that clients connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close cuts all connections and ends the proxy.
func (p *Proxy) Close() error {
	p.change(func() { p.closed = true })
	err := p.listener.Close()
	p.Cut()
	p.pumps.Wait()
	return err
}

// Cut resets all connections. New ones are passed on.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.cut()
	}
}

// Refuse resets all connections, and every new one until Mend.
func (p *Proxy) Refuse() {
	p.change(func() { p.refuse = true })
	p.Cut()
}

// Stall passes nothing on until Mend; connections stay open, and new ones are taken.
func (p *Proxy) Stall() { p.change(func() { p.stalled = true }) }

// Slow passes every piece on after a delay, and not more bytes per second than rate in each direction of a connection; until Mend.
func (p *Proxy) Slow(delay time.Duration, rate int) {
	p.change(func() { p.delay, p.rate = delay, rate })
}

// CutAt cuts a connection once, when its client sends the text of w; until Mend.
func (p *Proxy) CutAt(w Watch) { p.change(func() { p.watch = &w }) }

// Mend takes all faults away and reports whether the text of a Watch was seen.
func (p *Proxy) Mend() (fired bool) {
	p.change(func() {
		fired = p.watch != nil && p.watch.fired
		p.refuse, p.stalled, p.delay, p.rate, p.watch = false, false, 0, 0, nil
	})
	return fired
}

func (p *Proxy) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.pumps.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

// serve connects a client to the server.
func (p *Proxy) serve(client *net.TCPConn) {
	l := &link{client: client}
	server, err := net.Dial("tcp", p.target)
	if err == nil {
		l.server = server.(*net.TCPConn)
	}
	p.mu.Lock()
	if err != nil || p.refuse || p.closed {
		l.cut()
		p.mu.Unlock()
		return
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()
	var pumps sync.WaitGroup
	pumps.Go(func() { p.pump(l, l.server, l.client, false) })
	pumps.Go(func() { p.pump(l, l.client, l.server, true) })
	pumps.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	_, _ = l.client.Close(), l.server.Close()
}

// pump passes on what comes from one side, until either side ends.
func (p *Proxy) pump(l *link, from, to *net.TCPConn, fromClient bool) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && !p.pass(l, to, piece[:n], fromClient) {
			return
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.CloseWrite()
			} else {
				l.cut()
			}
			return
		}
	}
}

// pass passes a piece on, as the faults of the moment allow. It reports whether the connection goes on.
func (p *Proxy) pass(l *link, to *net.TCPConn, piece []byte, fromClient bool) bool {
	p.mu.Lock()
	for p.stalled && !p.closed {
		changed := p.changed
		p.mu.Unlock()
		<-changed
		p.mu.Lock()
	}
	pause := p.delay
	if p.rate > 0 {
		pause += time.Duration(float64(len(piece)) / float64(p.rate) * float64(time.Second))
	}
	var seen *Watch
	if w := p.watch; fromClient && w != nil && !w.fired && bytes.Contains(bytes.ToLower(piece), []byte(w.Text)) {
		if w.Skip--; w.Skip < 0 {
			w.fired, seen, l.deaf = true, w, true
		}
	}
	deaf := l.deaf && !fromClient
	p.mu.Unlock()
	if pause > 0 {
		time.Sleep(pause)
	}
	if deaf {
		return true
	}
	if seen == nil || seen.Deliver {
		if _, err := to.Write(piece); err != nil {
			l.cut()
			return false
		}
	}
	if seen != nil {
		if seen.Deliver {
			time.Sleep(deliveryTime)
		}
		l.cut()
		return false
	}
	return true
}

// cut resets both connections.
func (l *link) cut() {
	for _, c := range []*net.TCPConn{l.client, l.server} {
		if c != nil {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	}
}
