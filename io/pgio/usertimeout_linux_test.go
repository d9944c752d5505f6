package pgio

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/beamfit/beamfit/io/table"
)

// vanish makes the proxy's machine one that is gone, as seen by its clients: its sockets drop what comes before TCP has seen it, so that nothing
// is acknowledged and nobody can connect. Connections that are made later do not exist.
func (p *proxy) vanish(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	sockets := []any{p.listen}
	for i := 0; i < len(p.conns); i += 2 { // those of clients
		sockets = append(sockets, p.conns[i])
	}
	p.mu.Unlock()
	// Classic BPF: accept 0 bytes of every packet.
	filter := unix.SockFprog{Len: 1, Filter: &unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}}
	for _, s := range sockets {
		raw, err := s.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		if err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &filter)
		}); err != nil || failed != nil {
			t.Skipf("this machine attaches no filter to a socket: %v %v", err, failed)
		}
	}
}

// wantGone is the error of the kernel; the second connection would end later, in other words.
func wantGone(t *testing.T, what string, err error) {
	t.Helper()
	wantStall(t, what, err)
	if !strings.Contains(fmt.Sprint(err), "the server's machine does not answer") {
		t.Errorf("%s: got error %v, want that of the kernel", what, err)
	}
}

// TestVanishedServer lets the server's machine disappear while something is on its way to it: the kernel ends the connection.
func TestVanishedServer(t *testing.T) {
	storeURL, _ := testSchema(t)
	ctx := context.Background()
	t.Run("copy in", func(t *testing.T) {
		p, s := stalling(t, storeURL, shortConnect, shortStall)
		_, w, b := copyingIn(t, s)
		var err error
		p.vanish(t)
		for err == nil {
			err = w.Write(ctx, b)
		}
		wantGone(t, "write", err)
		wantGone(t, "close", w.Close(ctx))
	})
	t.Run("statement", func(t *testing.T) {
		p, s := stalling(t, storeURL, shortConnect, shortStall)
		conn, err := s.acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		p.vanish(t)
		_, err = find(ctx, conn.Conn(), tableNamed("t"))
		wantGone(t, "find", explain(ctx, err))
	})
	t.Run("nobody waits", func(t *testing.T) {
		p, s := stalling(t, storeURL, shortConnect, shortStall)
		conn, err := s.acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		l := linkOf(conn.Conn())
		p.vanish(t)
		if _, err := l.Write([]byte("H\x00\x00\x00\x04")); err != nil { // Flush, which has no answer
			t.Fatal(err)
		}
		_, err = l.Read(make([]byte, 1))
		wantGone(t, "read", err)
	})
}

// TestCopyBehindALock copies more than the buffers on the way hold into a table that is locked for some timeouts, while the caller waits for the
// server and while it takes its time: the server acknowledges and reads nothing, and the connection lives.
func TestCopyBehindALock(t *testing.T) {
	const timeout = 500 * time.Millisecond
	const long = 8 * timeout
	const size, line = 32 << 20, 1 << 10
	for _, caller := range []string{"waits", "takes its time"} {
		t.Run(caller, func(t *testing.T) {
			storeURL, admin := testSchema(t)
			setup(t, admin, "CREATE TABLE locked (pad text)")
			name := tableNamed("locked")
			if err := admin.QueryRow(context.Background(), "SELECT current_schema()::text").Scan(&name.Schema); err != nil {
				t.Fatal(err)
			}
			opened, err := Open(context.Background(), storeURL+longConnect, table.OpenOptions{StallTimeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			s := opened.(*store)
			defer s.Close()
			ctx := context.Background()
			conn, err := s.acquire(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Release()
			setup(t, admin, "BEGIN", "LOCK TABLE locked")
			unlocked := make(chan error, 1)
			go func() {
				time.Sleep(long)
				unlocked <- exec(ctx, admin, "COMMIT")
			}()
			var rows io.Reader = io.LimitReader(&repeated{line: strings.Repeat("x", line-1) + "\n"}, size)
			if caller != "waits" {
				// One that has sent what fits and then computes, as a part that is filled slowly.
				rows = &pausing{Reader: rows, after: 1 << 20, pause: func() {
					done := resting(conn.Conn())
					time.Sleep(long)
					done()
				}}
			}
			tag, err := copyFrom(ctx, conn.Conn(), rows, "COPY "+quoteName(name)+" FROM STDIN")
			if err != nil || tag.RowsAffected() != size/line {
				t.Errorf("%d rows, %v; want %d", tag.RowsAffected(), err, size/line)
			}
			if err := <-unlocked; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCopyWhileTheServerIsSlow copies into a locked table while the question about another session waits for its answer.
func TestCopyWhileTheServerIsSlow(t *testing.T) {
	const timeout = 500 * time.Millisecond
	const size, line = 32 << 20, 1 << 10
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE locked (pad text)")
	name := tableNamed("locked")
	if err := admin.QueryRow(t.Context(), "SELECT current_schema()::text").Scan(&name.Schema); err != nil {
		t.Fatal(err)
	}
	p, proxyURL := startProxy(t, storeURL)
	opened, err := Open(t.Context(), proxyURL+longConnect, table.OpenOptions{StallTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*store)
	defer s.Close()
	defer p.stall(toClient, false) // so that nothing hangs
	copying, err := s.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer copying.Release()
	sleeping, err := s.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sleeping.Release()
	setup(t, admin, "BEGIN", "LOCK TABLE locked")

	before := len(p.records())
	p.stall(toClient, true)
	slept := make(chan error, 1)
	go func() { slept <- exec(context.Background(), sleeping.Conn(), "SELECT pg_sleep(0)") }()
	for len(p.records()) == before { // until the watch asks
		time.Sleep(timeout / 10)
	}
	answered := make(chan error, 1)
	go func() {
		time.Sleep(4 * timeout) // less than the question may take
		p.stall(toClient, false)
		answered <- exec(context.Background(), admin, "COMMIT")
	}()
	rows := io.LimitReader(&repeated{line: strings.Repeat("x", line-1) + "\n"}, size)
	tag, err := copyFrom(t.Context(), copying.Conn(), rows, "COPY "+quoteName(name)+" FROM STDIN")
	if err != nil || tag.RowsAffected() != size/line {
		t.Errorf("%d rows, %v; want %d", tag.RowsAffected(), err, size/line)
	}
	for _, c := range []chan error{slept, answered} {
		if err := <-c; err != nil {
			t.Error(err)
		}
	}
}

// repeated reads a line for ever.
type repeated struct {
	line string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(p[n:], r.line[r.at:])
		n, r.at = n+m, (r.at+m)%len(r.line)
	}
	return n, nil
}

// pausing pauses once, after some bytes.
type pausing struct {
	io.Reader
	after int
	pause func()
}

func (r *pausing) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.after -= n; r.pause != nil && r.after <= 0 {
		r.pause()
		r.pause = nil
	}
	return n, err
}
