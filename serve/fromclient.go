package serve

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/sqltext"
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
		if err := s.client.Await(); s.begin() {
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
		s.ended()
	}
}

// isData tells data of a COPY.
func (s *session) isData(kind byte) bool { return kind == 'd' && !s.plain }

// errTerminate: the client has said good-bye, and may still read what it is owed.
var errTerminate = errors.New("the client has ended the session")

// begin notes that the client's goroutine begins with a message; resting: it must leave it to a loop.
func (s *session) begin() (resting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working = !s.resting
	return s.resting
}

// ended notes that it has ended.
func (s *session) ended() {
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
			if err := s.end(true); err != nil {
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

// cutName reads a zero-terminated text.
func cutName(b []byte) (name, rest []byte, ok bool) {
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return nil, nil, false
	}
	return b[:n], b[n+1:], true
}

// A call is a statement of the client that calls functions of MADlib, all of its SELECT list.
type call struct {
	list    []*found
	rewrite *sqltext.Rewrite
	// starts are the bytes of the client's text at which the functions' names begin; nil where the text is one that executes what was prepared.
	starts []int
}

// parse passes a statement on, or its arguments.
func (s *session) parse(body []byte) error {
	var m pgproto3.Parse
	if err := m.Decode(body); err != nil {
		return err
	}
	q, err := s.look(m.Query, s.onPathInPipeline)
	if err != nil {
		return err
	}
	var k known
	if len(q.parts) > 0 && !q.several { // several are for the server to refuse
		if name := q.parts[0].executes; name != "" {
			return s.refuse(innerExecute(name), s.hideInPipeline)
		}
		k = q.parts[0].known
	}
	o := &owed{kind: 'P', hint: q.mentions}
	if r := k.rewrite(); r != nil {
		o = &owed{kind: 'P', text: r}
		m.Query = r.SQL
		b, err := m.Encode(nil)
		if err != nil {
			return err
		}
		body = b[5:]
	}
	if err := s.pass(o, body); err != nil {
		return err
	}
	if _, was := s.statements[m.Name]; was || k != (known{}) { // what the name means is for the server to say
		if err := s.settle(); err != nil || o.failed && (m.Name != "" || o.dropped) {
			return err
		}
		switch delete(s.statements, m.Name); {
		case o.failed: // the server has no unnamed statement then
			body = nil
		case k != known{}:
			s.statements[m.Name] = k
		}
	}
	if m.Name == "" {
		s.unnamed, s.replaced = body, false
	}
	return nil
}

// passBind passes on the Bind of what is no call.
func (s *session) passBind(portal, statement []byte, size int) error {
	s.unsynced = true
	name := string(portal) // which is not there any more when the message has been passed on
	if err := s.revive(string(statement)); err != nil {
		return err
	}
	o := plain['B']
	if _, known := s.portals[name]; known {
		o = &owed{kind: 'B'} // of which it must be remembered whether it is dropped
	}
	s.expect(o)
	if err := s.server.Relay('B', size, s.client); err != nil {
		return err
	}
	return s.bound(o, name, known{})
}

// bound notes what a portal is, when the server has not dropped its Bind.
func (s *session) bound(o *owed, portal string, k known) error {
	if _, was := s.portals[portal]; !was && k == (known{}) {
		return nil
	}
	if err := s.settle(); err != nil || o.failed {
		return err
	}
	delete(s.portals, portal)
	if k != (known{}) {
		s.portals[portal] = k
	}
	return nil
}

// bind passes on the Bind of a statement of which something must be known.
func (s *session) bind(body []byte) error {
	var m pgproto3.Bind
	if err := m.Decode(body); err != nil {
		return err
	}
	if err := s.revive(m.PreparedStatement); err != nil {
		return err
	}
	k := s.statements[m.PreparedStatement]
	o := &owed{kind: 'B', call: k.call, text: k.rewrite()}
	send := func() error { return s.pass(o, body) }
	if k.call != nil {
		m.ResultFormatCodes = nil // the arguments are wanted as text
		send = func() error { return s.tell(o, &m) }
	}
	if err := send(); err != nil {
		return err
	}
	return s.bound(o, m.DestinationPortal, k)
}

func (s *session) describe(body []byte) error {
	if len(body) < 2 {
		return errors.New("a Describe message without a name")
	}
	name := strings.TrimSuffix(string(body[1:]), "\x00")
	if body[0] != 'S' {
		return s.pass(describes(s.portals[name].call), body)
	}
	if err := s.revive(name); err != nil {
		return err
	}
	return s.pass(describes(s.statements[name].call), body)
}

// describes is what is owed for a Describe, of a call or of something else.
func describes(c *call) *owed {
	if c == nil {
		return plain['D']
	}
	return &owed{kind: 'D', call: c}
}

// close passes a Close on. What it closes is forgotten when the server has not dropped it.
func (s *session) close(body []byte) error {
	if len(body) < 2 {
		return s.pass(plain['C'], body)
	}
	names, name := s.portals, strings.TrimSuffix(string(body[1:]), "\x00")
	if body[0] == 'S' {
		names = s.statements
	}
	if _, known := names[name]; !known {
		return s.pass(plain['C'], body)
	}
	o := &owed{kind: 'C'}
	if err := s.pass(o, body); err != nil {
		return err
	}
	if err := s.settle(); err != nil || o.failed {
		return err
	}
	delete(names, name)
	return nil
}

// revive gives the server the unnamed statement again, where a hidden one has taken its place.
func (s *session) revive(name string) error {
	if name != "" || !s.replaced || s.unnamed == nil {
		return nil
	}
	s.replaced = false
	o := &owed{kind: 'P', capture: &capture{}, text: s.statements[name].rewrite()} // an error is the client's, who has sent something for this statement
	return s.pass(o, s.unnamed)
}

// hide runs a statement that the client does not see. A serverError is what the server says of it.
func (s *session) hide(sql string) (*capture, error) {
	c := &capture{}
	s.replaced = true
	s.expect(&owed{kind: 'Q', hidden: true, capture: c})
	if err := s.server.Put('Q', append([]byte(sql), 0)); err != nil {
		return nil, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if c.err != nil {
		return c, &serverError{c.err}
	}
	return c, nil
}

// hiddenName is that of statements and portals of the proxy's own.
const hiddenName = "beamfit proxy"

// hideInPipeline runs a statement that the client does not see among messages of the extended protocol.
func (s *session) hideInPipeline(sql string) (*capture, error) {
	return s.hideMessages(statementMessages(sql)...)
}

// hideAndSync is hideInPipeline with a Sync behind it.
func (s *session) hideAndSync(sql string) (*capture, error) {
	return s.hideMessages(append(statementMessages(sql), &pgproto3.Sync{})...)
}

// statementMessages run a statement of the proxy's own.
func statementMessages(sql string) []wire.Message {
	closing := &pgproto3.Close{ObjectType: 'S', Name: hiddenName}
	return []wire.Message{
		closing, // one that has failed was not closed
		&pgproto3.Parse{Name: hiddenName, Query: sql},
		&pgproto3.Bind{DestinationPortal: hiddenName, PreparedStatement: hiddenName},
		&pgproto3.Execute{Portal: hiddenName},
		&pgproto3.Close{ObjectType: 'P', Name: hiddenName},
		closing,
	}
}

// hideMessages sends messages of the extended protocol and waits for the answers, which the client does not see.
func (s *session) hideMessages(messages ...wire.Message) (*capture, error) {
	c := &capture{}
	for _, m := range messages {
		if err := s.tell(&owed{hidden: true, capture: c}, m); err != nil {
			return nil, err
		}
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if c.err != nil {
		return c, &serverError{c.err}
	}
	return c, nil
}

// A serverError is an error of the server about a hidden statement.
type serverError struct{ m *pgproto3.ErrorResponse }

func (e *serverError) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.m.Message, e.m.Code) }

// ofServer separates what the server says of a hidden statement, which is for the client, from errors of the session.
func ofServer(err error) (*pgproto3.ErrorResponse, error) {
	var said *serverError
	if errors.As(err, &said) {
		return said.m, nil
	}
	return nil, err
}
