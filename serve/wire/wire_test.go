package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// heard is a connection from which bytes come, and to which nothing goes.
type heard struct {
	net.Conn
	from io.Reader
}

func (h heard) Read(b []byte) (int, error)     { return h.from.Read(b) }
func (heard) Write(b []byte) (int, error)      { return len(b), nil }
func (heard) Close() error                     { return nil }
func (heard) SetDeadline(time.Time) error      { return nil }
func (heard) SetReadDeadline(time.Time) error  { return nil }
func (heard) SetWriteDeadline(time.Time) error { return nil }

// written is a connection that keeps what goes to it.
type written struct {
	net.Conn
	io.Writer
}

func (w written) Write(b []byte) (int, error) { return w.Writer.Write(b) }

func encoded(m Message) []byte {
	b, _ := m.Encode(nil)
	return b
}

func startup(parameters map[string]string) []byte {
	return encoded(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: parameters})
}

func TestAccept(t *testing.T) {
	for name, c := range map[string]struct {
		sent []byte
		err  string
	}{
		"startup":                 {startup(map[string]string{"user": "me", "database": "d"}), ""},
		"startup after questions": {append(append(encoded(&pgproto3.GSSEncRequest{}), encoded(&pgproto3.SSLRequest{})...), startup(map[string]string{"user": "me"})...), "bytes behind a request"},
		"too long":                {[]byte{0, 0x10, 0, 0, 0, 3, 0, 0}, "the first message says"},
		"too short":               {[]byte{0, 0, 0, 4, 0, 3, 0, 0}, "the first message says"},
		"HTTP":                    {[]byte("GET / HTTP/1.1\r\n\r\n"), "is it PostgreSQL's protocol"},
		"version 2":               {[]byte{0, 0, 0, 9, 0, 2, 0, 0, 0}, "version 2.0"},
		"cut":                     {startup(map[string]string{"user": "me"})[:12], "EOF"},
		"no end":                  {[]byte{0, 0, 0, 13, 0, 3, 0, 0, 'u', 's', 'e', 'r', 0}, "does not end"},
		"nothing":                 {nil, "EOF"},
	} {
		_, first, err := Accept(context.Background(), heard{from: bytes.NewReader(c.sent)}, nil)
		if c.err == "" && (err != nil || first.Parameters["user"] != "me") || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %+v, %v, want %q", name, first, err, c.err)
		}
	}
	cancel := CancelRequest([]byte{0, 0, 0, 9, 1, 2, 3, 4})
	_, first, err := Accept(context.Background(), heard{from: bytes.NewReader(cancel)}, nil)
	if err != nil || !bytes.Equal(first.Cancel, cancel) || !bytes.Equal(first.Key, []byte{0, 0, 0, 9, 1, 2, 3, 4}) {
		t.Errorf("%+v, %v", first, err)
	}
}

func FuzzAccept(f *testing.F) {
	f.Add(startup(map[string]string{"user": "me"}))
	f.Add(encoded(&pgproto3.SSLRequest{}))
	f.Add(CancelRequest([]byte("12345678")))
	f.Add([]byte{0, 0, 0, 8, 0, 3, 0, 0})
	f.Add([]byte{0x16, 3, 1})
	f.Fuzz(func(t *testing.T, sent []byte) {
		_, first, err := Accept(context.Background(), heard{from: bytes.NewReader(sent)}, nil)
		if err == nil && (first.Startup == nil) == (first.Cancel == nil) {
			t.Errorf("%+v", first)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add(encoded(&pgproto3.Query{String: "SELECT 1"}))
	f.Add([]byte{'Q', 0, 0, 0, 3})
	f.Add([]byte{'Q', 0x7f, 0xff, 0xff, 0xff, 1})
	f.Add(append(encoded(&pgproto3.CopyData{Data: make([]byte, 40000)}), 'X', 0, 0, 0, 4))
	f.Fuzz(func(t *testing.T, sent []byte) {
		var out bytes.Buffer
		to := NewConn(written{Writer: &out})
		from := NewConn(heard{from: bytes.NewReader(sent)})
		passed := 0
		for {
			kind, size, err := from.Next()
			if err != nil {
				break
			}
			if err := to.Relay(kind, size, from); err != nil {
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatal(err)
				}
				return
			}
			passed += 5 + size
		}
		if err := to.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), sent[:passed]) {
			t.Fatalf("%d bytes were passed on as others", passed)
		}
	})
}

func TestAwaitEnd(t *testing.T) {
	near, far := net.Pipe()
	c := NewConn(near)
	ended := make(chan error, 1)
	go func() { ended <- c.AwaitEnd() }()
	if _, err := far.Write([]byte("S\x00\x00\x00\x04")); err != nil {
		t.Fatal(err)
	}
	_ = c.Wake()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("woken by %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	if kind, size, err := c.Next(); kind != 'S' || size != 0 || err != nil {
		t.Errorf("what arrived meanwhile is %c %d, %v", kind, size, err)
	}
	go func() { ended <- c.AwaitEnd() }()
	_ = far.Close()
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("ended by %v", err)
	}
}
