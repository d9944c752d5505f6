package netfault

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An echo is a server that answers every line with the same line, and remembers them.
type echo struct {
	net.Listener
	mu   sync.Mutex
	seen []string
	done sync.WaitGroup
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Listener: l}
	e.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			e.done.Go(func() { e.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		e.done.Wait()
	})
	return e
}

func (e *echo) serve(conn net.Conn) {
	defer conn.Close()
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		e.mu.Lock()
		e.seen = append(e.seen, strings.TrimSpace(line))
		e.mu.Unlock()
		if _, err := conn.Write([]byte(line)); err != nil {
			return
		}
	}
}

func (e *echo) lines() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.seen, " ")
}

func newProxy(t *testing.T) (*Proxy, *echo) {
	t.Helper()
	e := newEcho(t)
	p, err := Listen(e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, e
}

// A client speaks with an echo through a proxy.
type client struct {
	t *testing.T
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, p *Proxy) client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return client{t, conn, bufio.NewReader(conn)}
}

func (c client) say(line string) {
	c.t.Helper()
	if _, err := c.Write([]byte(line + "\n")); err != nil {
		c.t.Fatal(err)
	}
}

// answered waits for an answer that must come.
func (c client) answered(want string) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // a guard
	line, err := c.answers.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		c.t.Fatalf("answer %q, %v; want %q", line, err, want)
	}
}

// cut waits for the end of the connection, without an answer.
func (c client) cut() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // a guard
	line, err := c.answers.ReadString('\n')
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("answer %q, %v; want a connection that is cut", line, err)
	}
}

// silent sees that no answer comes for a moment.
func (c client) silent() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if line, err := c.answers.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("answer %q, %v; want none", line, err)
	}
}

func TestCut(t *testing.T) {
	p, _ := newProxy(t)
	a := dial(t, p)
	a.say("one")
	a.answered("one")
	p.Cut()
	a.cut()
	b := dial(t, p)
	b.say("two")
	b.answered("two")
}

func TestRefuse(t *testing.T) {
	p, _ := newProxy(t)
	a := dial(t, p)
	a.say("one")
	a.answered("one")
	p.Refuse()
	a.cut()
	dial(t, p).cut()
	p.Mend()
	b := dial(t, p)
	b.say("two")
	b.answered("two")
}

func TestStall(t *testing.T) {
	p, e := newProxy(t)
	a := dial(t, p)
	a.say("one")
	a.answered("one")
	p.Stall()
	a.say("two")
	a.silent()
	if e.lines() != "one" {
		t.Errorf("the server has %q while connections stall", e.lines())
	}
	p.Mend()
	a.answered("two")
}

func TestSlow(t *testing.T) {
	p, _ := newProxy(t)
	const delay = 30 * time.Millisecond
	p.Slow(delay, 1<<20)
	a, begun := dial(t, p), time.Now()
	a.say("one")
	a.answered("one")
	if took := time.Since(begun); took < 2*delay {
		t.Errorf("there and back took %v, want at least twice %v", took, delay)
	}
}

func TestCutAt(t *testing.T) {
	for _, c := range []struct {
		watch Watch
		seen  string
	}{
		{Watch{Text: "commit"}, "one two"},
		{Watch{Text: "commit", Deliver: true}, "one two COMMIT"},
	} {
		p, e := newProxy(t)
		p.CutAt(c.watch)
		a := dial(t, p)
		for _, line := range []string{"one", "two"} {
			a.say(line)
			a.answered(line)
		}
		a.say("COMMIT")
		a.cut()
		if e.lines() != c.seen {
			t.Errorf("%+v: the server has %q, want %q", c.watch, e.lines(), c.seen)
		}
		if !p.Mend() {
			t.Errorf("%+v: Mend says that the text was not seen", c.watch)
		}
	}
}

func TestCutAtSkips(t *testing.T) {
	p, _ := newProxy(t)
	p.CutAt(Watch{Text: "commit", Skip: 1})
	a := dial(t, p)
	a.say("commit")
	a.answered("commit")
	a.say("commit")
	a.cut()
	b := dial(t, p) // once only
	b.say("commit")
	b.answered("commit")
}
