package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/serve/loan"
	"github.com/beamfit/beamfit/serve/wire"
)

// A session is a client with its connection to the server. One goroutine reads what the client sends (the methods of fromclient.go and
// what they call), another what the server sends (fromserver.go). While the session only passes small messages on, a loop does both
// (passing.go).
type session struct {
	proxy          *Server
	client, server *wire.Conn
	login          *wire.Login
	log            *slog.Logger
	plain          bool // nothing is looked at: replication

	mu         sync.Mutex
	changed    *sync.Cond // anything below
	parameters map[string]string
	owed       []*owed
	room       [8]*owed // memory of owed, while that is enough
	skipping   bool     // after an error the server drops everything up to Sync
	status     byte     // of the transaction, as of the last ReadyForQuery
	opened     bool     // since then a statement has begun a transaction, and another one may have ended it again
	began      bool     // a transaction is open that the proxy has begun; a BEGIN of the client makes it the client's
	copying    bool     // the server waits for the data of a COPY
	awaiting   bool     // the client's goroutine waits for a message of those data
	lost       error
	loan       *loan.Loan
	stop       context.CancelCauseFunc // of the jobs of the statement that runs, nil for none
	farewell   []byte                  // a FATAL error that came during a loan
	leaving    bool                    // the session is to end when it is idle
	working    bool                    // the client's goroutine is at work on a message
	inCalls    bool                    // what inCall said when it ended the last one
	resting    bool                    // the goroutines are to end, for a loop goes on

	// What follows belongs to the client's goroutine.
	statements, portals map[string]remembered // of which something must be known, by name
	unnamed             []byte                // the Parse message of the unnamed statement, as the server has it
	replaced            bool                  // a hidden statement has taken the place of the unnamed one
	unsynced            bool                  // messages since the last Sync: PostgreSQL may have begun a transaction
	executed            bool                  // one of them was Execute
	dropping            bool                  // messages up to Sync, after an error of the proxy
}

func newSession(p *Server, client *wire.Conn, l *wire.Login, log *slog.Logger) *session {
	s := &session{
		proxy: p, client: client, server: l.Server, login: l, log: log, status: 'I', parameters: maps.Clone(l.Parameters),
		statements: map[string]remembered{}, portals: map[string]remembered{},
	}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// run is the session, until one side leaves.
func (s *session) run() (err error) {
	defer func() {
		if errors.Is(err, errDefect) {
			_ = s.client.Send(wire.Fatal("XX000", defectMessage, "")) // it may be gone
		}
	}()
	for {
		if err := s.stay(); err != nil {
			return errors.Join(err, s.server.Close())
		}
		if err := s.converse(); !errors.Is(err, errResting) {
			return err
		}
	}
}

// converse is the session in goroutines, until one side leaves or a loop can go on.
func (s *session) converse() error {
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.fromServer()
	}()
	err := guard(s.log, s.fromClient)
	if errors.Is(err, errResting) {
		<-read
		return err
	}
	if errors.Is(err, errTerminate) {
		<-read // the server ends the session when it has done all that came before
		return s.server.Close()
	}
	s.mu.Lock()
	lost, leaving := s.lost, s.leaving
	s.mu.Unlock()
	switch {
	case leaving && lost == nil:
		_ = s.client.Send(wire.Fatal("57P01", "terminating connection due to administrator command", "")) // it may be gone
		err = nil
	case lost != nil && errors.Is(err, os.ErrDeadlineExceeded):
		err = lost
	}
	_ = s.server.Close()
	<-read
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// leave ends the session as soon as it is idle; it returns whether it is.
func (s *session) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working || len(s.owed) > 0 || s.status != 'I' || s.stop != nil {
		return false
	}
	s.leaving = true
	_ = s.client.Wake()
	return true
}

// kill ends the session now, and its job.
func (s *session) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop(errShutdown)
	}
	s.leaving = true
	_ = s.client.Wake()
	_ = s.server.Close()
}

var errShutdown = errors.New("the proxy is shutting down")

// deliver passes a message on to whom the session is lent.
func (s *session) deliver(kind byte, body []byte) {
	s.mu.Lock()
	l := s.loan
	switch {
	case kind == 'Z' && len(body) == 1:
		s.status = body[0]
	case kind == 'E' && isFatal(body):
		s.farewell = slices.Clone(body)
	}
	s.mu.Unlock()
	l.Deliver(kind, body)
}

// set notes a parameter that the server reports.
func (s *session) set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parameters[name] = value
}

// setting is a parameter that the server has reported.
func (s *session) setting(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parameters[name]
}

func (s *session) transaction() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// hasOpened tells whether a statement of the pipeline has begun a transaction.
func (s *session) hasOpened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// hasBegun tells whether a transaction of the proxy's is open, as far as the server has answered.
func (s *session) hasBegun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.began
}

// stillBegun is hasBegun when the server has answered all.
func (s *session) stillBegun() (bool, error) {
	if !s.hasBegun() {
		return false, nil
	}
	err := s.settle()
	return s.hasBegun(), err
}

func (s *session) setBegun(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = yes
}
