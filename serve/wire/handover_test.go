package wire

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// What the server says after a login is for whoever has taken the connection over, though a reader of pgconn's still waits for it, or comes late.
func TestHandover(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	h := newHandover(c)
	left := make(chan error, 1)
	go func() {
		_, err := h.Read(make([]byte, 8))
		left <- err
	}()
	for waiting := false; !waiting; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		waiting = h.reads == 1
		h.mu.Unlock()
	}
	taken, err := h.take()
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var timeout net.Error
	if err := <-left; !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("the reader that was left: %v", err)
	}
	if _, err := h.Read(make([]byte, 8)); !errors.Is(err, errHandedOver) {
		t.Errorf("a reader that comes late: %v", err)
	}
	if _, err := server.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 6)
	if _, err := io.ReadFull(taken, got); err != nil || string(got) != "answer" {
		t.Errorf("%q, %v", got, err)
	}
}
