package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// An Auth is a way of logging in.
type Auth string

// The ways of logging in.
const (
	// AuthAuto relays, but asks where the client came by TLS and the server offers channel binding, which does not pass a relay.
	AuthAuto Auth = "auto"
	// AuthRelay never asks.
	AuthRelay Auth = "relay"
	// AuthPassword always asks.
	AuthPassword Auth = "password"
)

// Auths are all ways of logging in.
var Auths = []string{string(AuthAuto), string(AuthRelay), string(AuthPassword)}

// A Login is a client that has logged in.
type Login struct {
	Server     *Conn
	Route      Route
	Key        []byte            // of requests to cancel: process ID and secret key
	Parameters map[string]string // reported by the server
	Asked      bool              // the client had to prove who it is
}

// PID is the process ID that the server gave.
func (l *Login) PID() uint32 {
	if len(l.Key) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(l.Key)
}

// A Policy says who is let in, and how.
type Policy struct {
	Auth Auth
	// Private says that nobody else can listen to the client's connection without TLS: it stays on this machine.
	Private bool
	// Unasked lets clients in whom the server asks for nothing. Everybody who reaches the proxy is then whoever he says.
	Unasked bool
}

// A Refusal is a reason of the proxy's own for not letting a client in.
type Refusal struct{ Code, Message, Hint string }

func (e *Refusal) Error() string { return e.Message }

// Fatal is the message for a client whose session ends.
func Fatal(code, message, hint string) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: message, Hint: hint}
}

// errRefused: the server has refused the client and told it so.
var errRefused = errors.New("the server refused the login")

// maxAnswer is the longest answer to a question of the server, as in PostgreSQL.
const maxAnswer = 65535

// LogIn logs a client in. The client has been told all when it returns, also of an error.
func (u *Upstream) LogIn(ctx context.Context, client *Conn, first First, p Policy) (*Login, error) {
	l, err := u.logIn(ctx, client, first, p)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return nil, errors.Join(err, client.Send(Fatal(refusal.Code, refusal.Message, refusal.Hint)))
	}
	return l, err
}

func (u *Upstream) logIn(ctx context.Context, client *Conn, first First, p Policy) (*Login, error) {
	database := first.Parameters["database"]
	if database == "" {
		database = first.Parameters["user"]
	}
	if u.Database != "" && database != u.Database {
		return nil, &Refusal{"3D000", fmt.Sprintf("this proxy serves the database %q only", u.Database), ""}
	}
	if p.Auth == AuthPassword {
		return u.ask(ctx, client, first, p)
	}
	l, err := u.relay(ctx, client, first, p)
	if errors.Is(err, errAskInstead) {
		return u.ask(ctx, client, first, p)
	}
	return l, err
}

// errAskInstead: the login cannot be relayed.
var errAskInstead = errors.New("channel binding cannot be relayed")

// relay passes questions and answers on.
func (u *Upstream) relay(ctx context.Context, client *Conn, first First, p Policy) (*Login, error) {
	server, route, err := u.Dial(ctx)
	if err != nil {
		return nil, errors.Join(&Refusal{"08001", "the server cannot be reached", ""}, err) // whose address is for the log alone
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	l := &Login{Server: server, Route: route, Parameters: map[string]string{}}
	if err := l.converse(client, first, p); err != nil {
		stop()
		return nil, errors.Join(err, server.Close())
	}
	if !stop() {
		return nil, ctx.Err()
	}
	return l, nil
}

func (l *Login) converse(client *Conn, first First, p Policy) error {
	if _, err := l.Server.Write(first.Startup); err != nil {
		return err
	}
	var version []byte // that the server speaks; a client that is asked instead is told another time
	for {
		kind, size, err := l.Server.Next()
		if err != nil {
			return &Refusal{"08006", "the server ended the connection during the login", ""}
		}
		body, err := l.Server.Body(size)
		if err != nil {
			return unexpected(err)
		}
		question := false
		switch kind {
		case 'R':
			if body, question, err = l.question(body, first, p); err != nil {
				return err
			}
		case 'S', 'K':
			l.learn(kind, body)
		case 'v':
			version = body
			continue
		}
		if version != nil {
			if err := client.Put('v', version); err != nil {
				return err
			}
			version = nil
		}
		if err := client.Put(kind, body); err != nil {
			return err
		}
		if kind == 'Z' || kind == 'E' || question || l.Server.Buffered() == 0 {
			if err := client.Flush(); err != nil {
				return err
			}
		}
		switch {
		case kind == 'Z':
			return nil
		case kind == 'E':
			return errRefused
		case question:
			if err := l.passAnswer(client); err != nil {
				return err
			}
		}
	}
}

// learn notes what the session needs to know later.
func (l *Login) learn(kind byte, body []byte) {
	if kind == 'K' {
		l.Key = slices.Clone(body)
		return
	}
	name, value, _ := strings.Cut(strings.TrimSuffix(string(body), "\x00"), "\x00")
	l.Parameters[name] = value
}

// The kinds of an authentication message.
const (
	authOK       = 0
	authClear    = 3
	authSASL     = 10
	authSASLNext = 11
	authSASLEnd  = 12
)

const channelBinding = "SCRAM-SHA-256-PLUS"

// question looks at an authentication message. The login goes on with an answer of the client where it is a question.
func (l *Login) question(body []byte, first First, p Policy) ([]byte, bool, error) {
	if len(body) < 4 {
		return nil, false, errors.New("an authentication message without a kind")
	}
	switch binary.BigEndian.Uint32(body) {
	case authOK:
		if !l.Asked && !p.Unasked {
			return nil, false, &Refusal{
				"28000", "the server lets this proxy in without asking who the client is",
				"Change pg_hba.conf so that the server asks for a password. --allow-unasked lets everybody who reaches the proxy be any user.",
			}
		}
		return body, false, nil
	case authSASLEnd:
		return body, false, nil
	case authClear:
		if !first.TLS && !p.Private {
			return nil, false, errInClear
		}
	case authSASL:
		var mechanisms []string
		for _, m := range strings.Split(string(body[4:]), "\x00") {
			if m == channelBinding && first.TLS && p.Auth == AuthAuto {
				return nil, false, errAskInstead
			}
			if m != "" && m != channelBinding {
				mechanisms = append(mechanisms, m)
			}
		}
		body = append(body[:4:4], strings.Join(mechanisms, "\x00")+"\x00\x00"...)
	}
	l.Asked = true
	return body, true, nil
}

// passAnswer passes the client's answer to the server.
func (l *Login) passAnswer(client *Conn) error {
	kind, size, err := client.Next()
	if err != nil {
		return err
	}
	if kind != 'p' || size > maxAnswer {
		return &Refusal{"08P01", "another message came where an answer to the server's question was expected", ""}
	}
	if err := l.Server.Relay(kind, size, client); err != nil {
		return err
	}
	return l.Server.Flush()
}

// errInClear: others could read the client's password.
var errInClear = &Refusal{"28000", "the password would be sent in clear: connect with TLS", "Set sslmode=require."}

// ask asks the client for its password and logs in with it.
func (u *Upstream) ask(ctx context.Context, client *Conn, first First, p Policy) (*Login, error) {
	if !first.TLS && !p.Private {
		return nil, errInClear
	}
	if err := client.Send(&pgproto3.AuthenticationCleartextPassword{}); err != nil {
		return nil, err
	}
	kind, size, err := client.Next()
	if err != nil {
		return nil, err
	}
	if kind != 'p' || size > maxAnswer {
		return nil, &Refusal{"08P01", "another message came where a password was expected", ""}
	}
	answer, err := client.Body(size)
	if err != nil {
		return nil, err
	}
	config := u.config.Copy()
	config.User, config.Database, config.Password = first.Parameters["user"], first.Parameters["database"], strings.TrimSuffix(string(answer), "\x00")
	if config.Database == "" {
		config.Database = config.User
	}
	config.RuntimeParams = map[string]string{}
	for name, value := range first.Parameters {
		if name != "user" && name != "database" && !strings.HasPrefix(name, "_pq_.") {
			config.RuntimeParams[name] = value
		}
	}
	proof := &proofs{}
	config.BuildFrontend = proof.watch
	l, err := logInAs(ctx, config)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return nil, errors.Join(errRefused, client.Send(Fatal(pg.Code, pg.Message, pg.Hint)))
	case err != nil:
		return nil, errors.Join(&Refusal{"08001", "the server cannot be reached, or has another password method than those that are spoken", ""}, err)
	}
	if l.Asked = proof.asked; !l.Asked && !p.Unasked {
		return nil, errors.Join(&Refusal{"28000", "the server lets this proxy in without asking for the password", "Change pg_hba.conf so that the server asks."}, l.Server.Close())
	}
	return l, client.Send(l.greeting(first)...)
}

// logInAs logs in and takes the connection over.
func logInAs(ctx context.Context, config *pgconn.Config) (*Login, error) {
	config.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, c net.Conn) (net.Conn, error) { return newHandover(c), nil }
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	h, err := conn.Hijack()
	if err != nil {
		return nil, err
	}
	server, err := h.Conn.(*handover).take()
	if err != nil {
		return nil, errors.Join(err, h.Conn.Close())
	}
	l := &Login{
		Server: NewConn(server), Route: routeTo(server, h.TLSConfig, config.ConnectTimeout),
		Key: append(binary.BigEndian.AppendUint32(nil, h.PID), h.SecretKey...), Parameters: h.ParameterStatuses,
	}
	return l, nil
}

// greeting is what a server says to a client that it has let in.
func (l *Login) greeting(first First) []Message {
	var out []Message
	if first.Minor > 0 {
		out = append(out, &pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: pgproto3.ProtocolVersion30})
	}
	out = append(out, &pgproto3.AuthenticationOk{})
	for _, name := range slices.Sorted(maps.Keys(l.Parameters)) {
		out = append(out, &pgproto3.ParameterStatus{Name: name, Value: l.Parameters[name]})
	}
	return append(out, &pgproto3.BackendKeyData{ProcessID: l.PID(), SecretKey: l.Key[4:]}, &pgproto3.ReadyForQuery{TxStatus: 'I'})
}

// proofs notes whether the server of a login has asked for a password.
type proofs struct{ asked bool }

// watch is called for each server that is tried: what one has asked for proves nothing to the next.
func (p *proofs) watch(r io.Reader, w io.Writer) *pgproto3.Frontend {
	p.asked = false
	return pgproto3.NewFrontend(r, &answers{w, p})
}

// answers sees the answers that a client writes.
type answers struct {
	io.Writer
	proofs *proofs
}

func (a *answers) Write(b []byte) (int, error) {
	if len(b) > 0 && b[0] == 'p' {
		a.proofs.asked = true
	}
	return a.Writer.Write(b)
}
