package pgio

import (
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// A proxy stands between a store and the server: it can note what the store sends, and it can stop to pass bytes on, as a
// network does that drops everything.
type proxy struct {
	server string
	listen net.Listener
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	sent  []*record // what clients sent, by connection
	gate  *sync.Cond
	// stalled directions: to the server, to the client.
	stalled map[direction]bool
}

type direction string

const (
	toServer direction = "to the server"
	toClient direction = "to the client"
)

// A record is the bytes of one connection.
type record struct{ data []byte }

// startProxy puts a proxy before the server of a URL and returns the URL of the proxy.
func startProxy(t *testing.T, storeURL string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	var plain net.ListenConfig
	plain.SetMultipathTCP(false) // vanish filters its packets, which Linux does for TCP alone
	l, err := plain.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: u.Host, listen: l, stalled: map[direction]bool{}}
	p.gate = sync.NewCond(&p.mu)
	p.wg.Go(p.accept)
	t.Cleanup(p.close)
	u.Host = l.Addr().String()
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return p, plusAsBlank(u.String())
}

func (p *proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		r := &record{}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.sent = append(p.sent, r)
		p.mu.Unlock()
		p.wg.Go(func() { p.pass(server, client, toServer, r) })
		p.wg.Go(func() { p.pass(client, server, toClient, nil) })
	}
}

// pass copies bytes until one side ends, and waits while its direction is stalled. What a client has sent before it went reaches
// the server.
func (p *proxy) pass(dst, src net.Conn, d direction, r *record) {
	defer func() { _, _ = dst.Close(), src.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		p.mu.Lock()
		for p.stalled[d] {
			p.gate.Wait()
		}
		if r != nil {
			r.data = append(r.data, buf[:n]...)
		}
		p.mu.Unlock()
		if _, writeErr := dst.Write(buf[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

// stall stops or starts a direction.
func (p *proxy) stall(d direction, stalled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled[d] = stalled
	p.gate.Broadcast()
}

// records are copies of what all clients have sent.
func (p *proxy) records() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]byte
	for _, r := range p.sent {
		out = append(out, slices.Clone(r.data))
	}
	return out
}

func (p *proxy) close() {
	_ = p.listen.Close()
	p.stall(toServer, false)
	p.stall(toClient, false)
	p.mu.Lock()
	conns := p.conns
	p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	p.wg.Wait()
}
