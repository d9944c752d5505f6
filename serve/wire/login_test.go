package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// pretend is a server that says to each client, after its start-up and after each of its answers, the next of the messages. It returns its port.
func pretend(t *testing.T, says ...[]Message) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, says)
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func serve(c net.Conn, says [][]Message) {
	defer c.Close()
	heard, first, err := Accept(context.Background(), c, nil)
	for k := 0; err == nil && first.Cancel == nil && k < len(says); k++ {
		if err = heard.Send(says[k]...); err == nil {
			var size int
			if _, size, err = heard.Next(); err == nil {
				err = heard.Skip(size)
			}
		}
	}
}

var (
	askClear = []Message{&pgproto3.AuthenticationCleartextPassword{}}
	letIn    = []Message{&pgproto3.AuthenticationOk{}, &pgproto3.BackendKeyData{ProcessID: 7, SecretKey: []byte{1, 2, 3, 4}}, &pgproto3.ReadyForQuery{TxStatus: 'I'}}
	letOut   = []Message{&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28000", Message: "LDAP authentication failed"}}
)

// TestAskedElsewhere: a client whose password one server has refused is not let in by the next one, which asks the proxy for none.
func TestAskedElsewhere(t *testing.T) {
	asks, trusts := pretend(t, askClear, letOut), pretend(t, letIn)
	for ports, want := range map[string]string{
		asks + "," + trusts:            "without asking for the password",
		pretend(t, askClear, letIn):    "",
		trusts:                         "without asking for the password",
		asks + "," + pretend(t, letIn): "without asking for the password",
	} {
		up, err := NewUpstream("postgres:///?sslmode=disable&host=127.0.0.1"+strings.Repeat(",127.0.0.1", strings.Count(ports, ","))+"&port="+ports, AuthPassword)
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		go func() {
			c := pgproto3.NewFrontend(far, far)
			_, err := c.Receive() // the question
			c.Send(&pgproto3.PasswordMessage{Password: "wrong"})
			err = errors.Join(err, c.Flush())
			for err == nil {
				_, err = c.Receive()
			}
		}()
		l, err := up.LogIn(context.Background(), NewConn(near), First{Parameters: map[string]string{"user": "me"}}, Policy{Auth: AuthPassword, Private: true})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", ports, err, want)
		}
		if l != nil {
			_ = l.Server.Close()
		}
		_, _ = near.Close(), far.Close()
	}
}

// TestRouteOfName: requests to cancel go to the address that was reached, whatever the server's name means by then.
func TestRouteOfName(t *testing.T) {
	port := pretend(t, letIn)
	up, err := NewUpstream(fmt.Sprintf("postgres://localhost:%s/?sslmode=disable", port), AuthAuto)
	if err != nil {
		t.Fatal(err)
	}
	c, route, err := up.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if want := "127.0.0.1:" + port; route.way.address != want || route.way.network != "tcp" {
		t.Errorf("the route is to %s %s, want %s", route.way.network, route.way.address, want)
	}
	if err := route.Cancel(context.Background(), CancelRequest([]byte{0, 0, 0, 7, 1, 2, 3, 4})); err != nil {
		t.Error(err)
	}
}
