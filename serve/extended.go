package serve

import (
	"bytes"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/sqltext"
)

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
	list    []*invocation
	rewrite *sqltext.Rewrite
	// starts are the bytes of the client's text at which the functions' names begin; nil where another text has prepared it.
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
	var k remembered
	if len(q.parts) > 0 && !q.several { // several are for the server to refuse
		if name := q.parts[0].executes; name != "" {
			return s.refuse(innerExecute(name), s.hideInPipeline)
		}
		k = q.parts[0].remembered
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
	if _, was := s.statements[m.Name]; was || k != (remembered{}) { // what the name means is for the server to say
		if err := s.settle(); err != nil || o.failed && (m.Name != "" || o.dropped) {
			return err
		}
		switch delete(s.statements, m.Name); {
		case o.failed: // the server has no unnamed statement then
			body = nil
		case k != remembered{}:
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
	return s.bound(o, name, remembered{})
}

// bound notes what a portal is, when the server has not dropped its Bind.
func (s *session) bound(o *owed, portal string, k remembered) error {
	if _, was := s.portals[portal]; !was && k == (remembered{}) {
		return nil
	}
	if err := s.settle(); err != nil || o.failed {
		return err
	}
	delete(s.portals, portal)
	if k != (remembered{}) {
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
