package poll

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ends are the two ends of a connection.
func ends(t *testing.T, network string) (near *Socket, far net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near = NewSocket(accepted).(*Socket)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// A passer passes bytes on between two sockets, in a loop while it may.
type passer struct {
	sockets [2]*Socket
	buffer  []byte
	stays   func() bool // asked after each read
}

func (p *passer) ready(end int) bool {
	n, err := p.sockets[end].Read(p.buffer)
	if errors.Is(err, ErrNothing) {
		return true
	}
	if err != nil {
		return false
	}
	_, err = p.sockets[1-end].Write(p.buffer[:n])
	return err == nil && !p.sockets[1-end].Unsent() && p.stays()
}

// direct passes on one piece from end, or what was kept for the other.
func (p *passer) direct(end int) error {
	if err := p.sockets[1-end].Flush(); err != nil {
		return err
	}
	n, err := p.sockets[end].Read(p.buffer[:min(len(p.buffer), 1000)])
	if err == nil {
		_, err = p.sockets[1-end].Write(p.buffer[:n])
	}
	return err
}

// TestBytes: what is passed on is what was sent, whoever passes it on: the loop, which has to give back whenever the reader is slower, and
// goroutines between.
func TestBytes(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			a, source := ends(t, network)
			b, sink := ends(t, "tcp")
			sent := make([]byte, 32<<20)
			for i := range sent {
				sent[i] = byte(r.Uint32())
			}
			go func() {
				for rest := sent; len(rest) > 0; {
					n := min(len(rest), 1+r.IntN(100_000))
					if _, err := source.Write(rest[:n]); err != nil {
						t.Error(err)
					}
					rest = rest[n:]
				}
				_ = source.Close()
			}()
			received := make(chan []byte)
			go func() {
				got, err := io.ReadAll(sink)
				if err != nil {
					t.Error(err)
				}
				received <- got
			}()
			loops, gaveBack := NewLoops(2), 0
			p := &passer{sockets: [2]*Socket{a, b}, buffer: make([]byte, 64<<10)}
			own := rand.New(rand.NewPCG(3, 4))
			p.stays = func() bool { return own.IntN(20) > 0 }
			for {
				if err := loops.Stay(a, b, p.ready); err != nil && !errors.Is(err, errWanted) {
					t.Fatal(err)
				}
				gaveBack++
				if err := p.direct(0); err != nil {
					if !errors.Is(err, io.EOF) {
						t.Error(err)
					}
					break
				}
			}
			_ = b.Close()
			if got := <-received; !bytes.Equal(got, sent) {
				t.Errorf("%d of %d bytes, or others", len(got), len(sent))
			}
			if gaveBack < 10 {
				t.Errorf("the loop gave the sockets back %d times", gaveBack)
			}
		})
	}
}

// TestGiveBack: a held socket can be woken and closed, and is its user's again.
func TestGiveBack(t *testing.T) {
	loops := NewLoops(1)
	for name, c := range map[string]struct {
		do   func(near *Socket)
		want error
	}{
		"woken":  {func(s *Socket) { _ = s.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"closed": {func(s *Socket) { _ = s.Close() }, os.ErrClosed},
	} {
		for end := range 2 {
			for _, early := range []bool{true, false} { // before the loop waits for it, and then
				a, _ := ends(t, "tcp")
				b, _ := ends(t, "unix")
				both := []*Socket{a, b}
				before := descriptors(t)
				entered := make(chan struct{})
				asked := 0
				done := make(chan struct{})
				go func() {
					defer close(done)
					err := loops.Stay(a, b, func(int) bool {
						if asked++; asked == 2 {
							if early {
								c.do(both[end])
							}
							close(entered)
						}
						return true
					})
					if err != nil {
						t.Error(err)
					}
				}()
				<-entered
				if !early {
					for loops.Held() == 0 || descriptors(t) == before {
						time.Sleep(time.Millisecond)
					}
					c.do(both[end])
				}
				<-done
				if _, err := both[end].Read(make([]byte, 1)); !errors.Is(err, c.want) {
					t.Errorf("%s, end %d: %v", name, end, err)
				}
				if name == "woken" {
					if err := loops.Stay(a, b, nil); !errors.Is(err, errWanted) {
						t.Errorf("held again: %v", err)
					}
					if err := both[end].SetReadDeadline(time.Time{}); err != nil {
						t.Error(err)
					}
					if err := loops.Stay(a, b, func(int) bool { return false }); err != nil {
						t.Error(err)
					}
				}
				if loops.Held() != 0 {
					t.Errorf("%d pairs are held", loops.Held())
				}
			}
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestDescriptors: a loop leaves none behind, and has closed its own when the last pair is given back.
func TestDescriptors(t *testing.T) {
	loops := NewLoops(1)
	a, far := ends(t, "tcp")
	b, _ := ends(t, "tcp")
	before := descriptors(t)
	for range 100 {
		done := make(chan error)
		go func() {
			done <- loops.Stay(a, b, func(end int) bool {
				if end != 0 {
					return true
				}
				n, _ := a.Read(make([]byte, 1))
				return n == 0
			})
		}()
		if _, err := far.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before and %d after", before, after)
	}
}

// TestMany: many pairs come, pass on and leave at the same time.
func TestMany(t *testing.T) {
	loops := NewLoops(2)
	done := make(chan struct{})
	const pairs = 40
	for range pairs {
		a, client := ends(t, "tcp")
		b, server := ends(t, "unix")
		go func() { // an echo
			_, _ = io.Copy(server, server)
		}()
		go func() {
			defer func() { done <- struct{}{} }()
			p := &passer{sockets: [2]*Socket{a, b}, buffer: make([]byte, 4<<10), stays: func() bool { return true }}
			go func() {
				for i := range 200 {
					message := []byte{byte(i), byte(i >> 4), 7}
					got := make([]byte, 3)
					if _, err := client.Write(message); err != nil {
						t.Error(err)
					}
					if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, message) {
						t.Error(got, err)
					}
				}
				_ = client.Close()
			}()
			if err := loops.Stay(a, b, p.ready); err != nil {
				t.Error(err)
			}
			_ = b.Close()
		}()
	}
	for range pairs {
		<-done
	}
}

// TestPlain: what is no socket of the system stays as it is.
func TestPlain(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if NewSocket(a) != a {
		t.Error("a pipe became a socket")
	}
}
