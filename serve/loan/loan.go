// Package loan makes a pgx connection of a session that a proxy's client has with its server: the same process, transaction, role, settings
// and temporary tables. The session must be idle when it is lent; the proxy keeps reading what the server sends and delivers it.
//
// The connection runs statements without preparing them, for the session's prepared statements are the client's. When a context ends, the
// server is asked to cancel what it does and the connection goes on: the session is not the borrower's to close. A server that does not end it
// in time is given up, and its connection closed. Closing the borrower's connection gives nothing up; End ends the loan.
package loan

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/wire"
)

const (
	// maxWaiting is how much of what the server sends may wait for the borrower.
	maxWaiting = 4 << 20
	// cancelPatience is how long a server has to end what it was asked to cancel, before the loan is broken off.
	cancelPatience = 10 * time.Second
)

// Terms are what is lent.
type Terms struct {
	Server     *wire.Conn
	Parameters map[string]string // reported by the server
	Status     byte              // of the transaction: I or T
	Cancel     func()            // asks the server to cancel what it does
}

// A Loan is a session while it is lent.
type Loan struct {
	Conn *pgx.Conn

	terms    Terms
	patience time.Duration // cancelPatience, but in tests
	mu       sync.Mutex
	cond     *sync.Cond
	in       []byte // what the server has sent
	begun    bool   // the borrower's start-up was answered
	err      error  // why nothing more comes
}

// errEnded: the loan is over.
var errEnded = errors.New("the loan has ended")

// notFromEnvironment overrides what PG* variables may say, which is meant for the server.
const notFromEnvironment = " channel_binding=prefer require_auth='' target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 " +
	"sslrootcert='' sslcertmode=disable"

// Open lends a session.
func Open(ctx context.Context, t Terms) (*Loan, error) {
	l := &Loan{terms: t, patience: cancelPatience}
	l.cond = sync.NewCond(&l.mu)
	config, err := pgx.ParseConfig("host=session port=1 user=session dbname=session sslmode=disable" + notFromEnvironment)
	if err != nil {
		return nil, err
	}
	config.Password, config.RuntimeParams = "", map[string]string{}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"session"}, nil }
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return (*end)(l), nil }
	config.BuildContextWatcherHandler = func(*pgconn.PgConn) ctxwatch.Handler { return &canceller{loan: l} }
	if l.Conn, err = pgx.ConnectConfig(context.WithoutCancel(ctx), config); err != nil {
		return nil, err
	}
	return l, nil
}

// Deliver passes on a frame of the server.
func (l *Loan) Deliver(kind byte, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.in) > maxWaiting && l.err == nil {
		l.cond.Wait()
	}
	l.add(kind, body)
}

func (l *Loan) add(kind byte, body []byte) {
	size := uint32(len(body) + 4)
	l.in = append(l.in, kind, byte(size>>24), byte(size>>16), byte(size>>8), byte(size))
	l.in = append(l.in, body...)
	l.cond.Broadcast()
}

// Break ends the loan since the session is lost.
func (l *Loan) Break(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	l.cond.Broadcast()
}

// End gives the session back.
func (l *Loan) End() {
	l.Break(errEnded)
	_ = l.Conn.Close(context.Background()) // it says good-bye to nobody
}

// greet answers the borrower's start-up as the server has answered the client's.
func (l *Loan) greet() {
	l.begun = true
	messages := []wire.Message{&pgproto3.AuthenticationOk{}}
	for name, value := range l.terms.Parameters {
		switch name { // as they are about to be set: pgx refuses to run statements without preparing them otherwise
		case "client_encoding":
			value = "UTF8"
		case "standard_conforming_strings":
			value = "on"
		}
		messages = append(messages, &pgproto3.ParameterStatus{Name: name, Value: value})
	}
	messages = append(messages, &pgproto3.ReadyForQuery{TxStatus: l.terms.Status})
	for _, m := range messages {
		l.in, _ = m.Encode(l.in) // these have no lists or texts that could be too long
	}
	l.cond.Broadcast()
}

// An end is the borrower's end of a loan, as a network connection.
type end Loan

func (e *end) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.in) == 0 && e.err == nil {
		e.cond.Wait()
	}
	if len(e.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, e.in)
	if e.in = e.in[n:]; len(e.in) == 0 {
		e.in = nil
	}
	e.cond.Broadcast()
	return n, nil
}

func (e *end) Write(b []byte) (int, error) {
	e.mu.Lock()
	if e.err != nil {
		defer e.mu.Unlock()
		return 0, e.err
	}
	if !e.begun {
		defer e.mu.Unlock()
		(*Loan)(e).greet()
		return len(b), nil
	}
	e.mu.Unlock()
	return e.terms.Server.Write(b)
}

func (e *end) Close() error {
	(*Loan)(e).Break(errEnded)
	return nil
}

func (e *end) LocalAddr() net.Addr  { return e.terms.Server.LocalAddr() }
func (e *end) RemoteAddr() net.Addr { return e.terms.Server.RemoteAddr() }

// Deadlines are for connections that are closed when a context ends.
func (e *end) SetDeadline(time.Time) error      { return nil }
func (e *end) SetReadDeadline(time.Time) error  { return nil }
func (e *end) SetWriteDeadline(time.Time) error { return nil }

// A canceller asks the server to stop when the context of a statement ends.
type canceller struct {
	loan     *Loan
	patience *time.Timer
}

func (c *canceller) HandleCancel(context.Context) {
	c.patience = time.AfterFunc(c.loan.patience, func() {
		c.loan.Break(errors.New("the server does not cancel what it does"))
		_ = c.loan.terms.Server.Close() // the borrower may be writing to it
	})
	c.loan.terms.Cancel()
}

func (c *canceller) HandleUnwatchAfterCancel() { c.patience.Stop() }
