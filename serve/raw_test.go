package serve

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A rawClient sends messages of the protocol as a test writes them.
type rawClient struct {
	t    *testing.T
	conn net.Conn
	pid  uint32 // of the backend
	*pgproto3.Frontend
}

// dialRaw logs in.
func dialRaw(t *testing.T, to string) *rawClient {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &rawClient{t: t, conn: conn, Frontend: pgproto3.NewFrontend(conn, conn)}
	c.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{
		"user": u.User.Username(), "database": u.Path[1:], "options": u.Query().Get("options"),
	}})
	c.says("R Z(I)")
	return c
}

// sends sends messages at once.
func (c *rawClient) sends(messages ...pgproto3.FrontendMessage) {
	c.t.Helper()
	for _, m := range messages {
		c.Send(m)
	}
	if err := c.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// says requires what the server answers, up to the end of what is wanted: the types of the messages, with the values of rows, the codes of
// errors, the tags of statements, the text of notices and the states of the transaction. Parameters and keys are left out.
func (c *rawClient) says(want string) {
	c.t.Helper()
	if err := c.Flush(); err != nil {
		c.t.Fatal(err)
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // a guard
	got, n := "", len(strings.Fields(want))
	for len(strings.Fields(got)) < n {
		m, err := c.Receive()
		if err != nil {
			c.t.Fatalf("the answer is %s and then %v, want %s", got, err, want)
		}
		switch m := m.(type) {
		case *pgproto3.ParameterStatus:
			continue
		case *pgproto3.BackendKeyData:
			c.pid = m.ProcessID
			continue
		case *pgproto3.AuthenticationOk:
			got += " R"
		case *pgproto3.ParseComplete:
			got += " 1"
		case *pgproto3.BindComplete:
			got += " 2"
		case *pgproto3.CloseComplete:
			got += " 3"
		case *pgproto3.NoData:
			got += " n"
		case *pgproto3.RowDescription:
			got += " T"
		case *pgproto3.DataRow:
			var values []string
			for _, v := range m.Values {
				values = append(values, string(v))
			}
			got += " D(" + strings.Join(values, "|") + ")"
		case *pgproto3.CommandComplete:
			got += " C(" + strings.ReplaceAll(string(m.CommandTag), " ", "_") + ")"
		case *pgproto3.CopyInResponse:
			got += " G"
		case *pgproto3.ErrorResponse:
			got += " E(" + m.Code + ")"
		case *pgproto3.NoticeResponse:
			got += " N(" + strings.ReplaceAll(m.Message, " ", "_") + ")"
		case *pgproto3.ReadyForQuery:
			got += fmt.Sprintf(" Z(%c)", m.TxStatus)
		default:
			got += fmt.Sprintf(" %T", m)
		}
	}
	if got = got[1:]; got != want {
		c.t.Fatalf("the answer is %s, want %s", got, want)
	}
}

// asks requires the answer to a query string.
func (c *rawClient) asks(sql, want string) {
	c.t.Helper()
	c.sends(&pgproto3.Query{String: sql})
	c.says(want)
}

// unnamed is the messages that run a statement with the unnamed statement and portal, and describe it.
func unnamed(sql string) []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{&pgproto3.Parse{Query: sql}, &pgproto3.Bind{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}}
}
