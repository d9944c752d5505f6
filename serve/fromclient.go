package serve

import (
	"errors"

	"github.com/beamfit/beamfit/serve/wire"
)

// fromClient reads what the client sends until it leaves.
func (s *session) fromClient() error {
	if err := s.server.Flush(); err != nil { // what a loop has left
		return err
	}
	data := false // the last message was data of a COPY, of which the server needs no piece before the next
	for {
		if s.client.Buffered() == 0 && !data {
			if err := s.server.Flush(); err != nil {
				return err
			}
		}
		if err := s.client.Await(); s.takeMessage() {
			return errResting // the message that has arrived, or the error, is the loop's
		} else if err != nil {
			return err
		}
		kind, size, err := s.client.Next()
		if err != nil {
			return err
		}
		data = s.isData(kind)
		if kind == 'X' {
			if err := errors.Join(s.server.Relay(kind, size, s.client), s.server.Flush()); err != nil {
				return err
			}
			return errTerminate
		}
		if err := s.clientMessage(kind, size); err != nil {
			return err
		}
		s.messageDone()
	}
}

// isData tells data of a COPY.
func (s *session) isData(kind byte) bool { return kind == 'd' && !s.plain }

// errTerminate: the client has said good-bye, and may still read what it is owed.
var errTerminate = errors.New("the client has ended the session")

// takeMessage notes that the client's goroutine begins with a message; resting: it must leave it to a loop.
func (s *session) takeMessage() (resting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working = !s.resting
	return s.resting
}

// messageDone notes that the goroutine has ended with it.
func (s *session) messageDone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working, s.inCalls = false, s.inCall()
}

// maxNames is how much of a message is looked at for the names that it begins with.
const maxNames = 1 << 10

func (s *session) clientMessage(kind byte, size int) error {
	switch {
	case s.dropping && kind != 'S':
		return s.client.Skip(size)
	case s.plain, kind == 'd', kind == 'c', kind == 'f', kind == 'H':
		if kind == 'c' || kind == 'f' {
			s.expect(plain['c'])
		}
		return s.server.Relay(kind, size, s.client)
	case kind == 'B':
		// The values of parameters may be large. Those of a call are kept, others pass by.
		head, err := s.client.PeekBody(size, maxNames)
		if err != nil {
			return err
		}
		if portal, rest, ok := cutName(head); ok {
			if name, _, ok := cutName(rest); ok {
				if _, known := s.statements[string(name)]; !known {
					return s.passBind(portal, name, size)
				}
			}
		}
	}
	read := s.client.Passing
	if kind == 'P' { // it may be kept
		read = s.client.Body
	}
	body, err := read(size)
	if err != nil {
		return err
	}
	switch kind {
	case 'Q', 'F':
		if begun, err := s.stillBegun(); err != nil {
			return err
		} else if begun { // a pipeline that was not ended by Sync
			if err := s.endTransaction(true); err != nil {
				return err
			}
		}
		s.unnamed = nil
		unsynced := s.unsynced
		s.unsynced, s.executed = false, false
		if kind == 'Q' {
			delete(s.statements, "") // as the server
			return s.query(body, unsynced)
		}
	case 'S':
		s.unsynced, s.executed = false, false
		return s.sync()
	case 'P', 'B', 'D', 'E', 'C':
		s.unsynced = true
	}
	switch kind {
	case 'P':
		return s.parse(body)
	case 'B':
		return s.bind(body)
	case 'D':
		return s.describe(body)
	case 'E':
		return s.execute(body)
	case 'C':
		return s.close(body)
	}
	return s.pass(plain[kind], body) // a kind that does not exist is for the server to refuse
}

func (s *session) settleThen(fn func() error) error {
	if err := s.settle(); err != nil {
		return err
	}
	return fn()
}

// pass sends a message on as it is.
func (s *session) pass(o *owed, body []byte) error {
	s.expect(o)
	return s.server.Put(o.kind, body)
}

// tell sends a message of the proxy's own, whose kind is that of what is owed.
func (s *session) tell(o *owed, m wire.Message) error {
	b, err := m.Encode(nil)
	if err != nil {
		return err
	}
	o.kind = b[0]
	s.expect(o)
	return s.server.Put(o.kind, b[5:])
}
