package serve

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// fromServer reads what the server sends until it closes the connection.
func (s *session) fromServer() {
	err := guard(s.log, s.readServer)
	if errors.Is(err, errResting) {
		return
	}
	s.mu.Lock()
	s.lost = err
	if s.loan != nil {
		s.loan.Break(err)
	}
	if s.stop != nil {
		s.stop(errLost)
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	_ = s.client.Flush() // the client may be gone too
	_ = s.client.Wake()
}

func (s *session) readServer() error {
	if err := s.client.Flush(); err != nil { // what a loop has left
		return err
	}
	for {
		kind, size, err := s.server.Next()
		if err != nil {
			return err
		}
		if err := s.serverMessage(kind, size); err != nil {
			return err
		}
		if s.server.Buffered() == 0 {
			if err := s.client.Flush(); err != nil {
				return err
			}
			if kind == 'Z' && s.rest() {
				return errResting
			}
		}
	}
}

func (s *session) serverMessage(kind byte, size int) error {
	o, loan := s.first()
	quiet := o != nil && (o.hidden || o.capture != nil)
	if loan == nil && (kind == 'D' || kind == 'd') && !quiet {
		return s.client.Relay(kind, size, s.server)
	}
	if loan == nil && kind == 'D' && (o.capture == nil || o.capture.excess != nil) {
		return s.server.Skip(size)
	}
	read := s.server.Passing
	if kind == 'D' { // its values are kept
		read = s.server.Body
	}
	body, err := read(size)
	if err != nil {
		return err
	}
	switch {
	case kind == 'A': // notifications come at any time
		return s.client.Put(kind, body)
	case loan != nil:
		s.deliver(kind, body)
		return nil
	}
	switch kind {
	case 'S':
		name, value, _ := strings.Cut(strings.TrimSuffix(string(body), "\x00"), "\x00")
		s.set(name, value)
		return s.client.Put(kind, body)
	case 'Z':
		if len(body) != 1 {
			return errors.New("ReadyForQuery without a status")
		}
		if o := s.ready(body[0]); o != nil && (o.hidden || o.hideReady) {
			return nil
		}
		return s.client.Put(kind, body)
	case 'E':
		return s.serverError(o, body)
	case 'N':
		return s.serverNotice(o, body)
	case 'D':
		return s.keep(o.capture, body)
	case 'G':
		s.copyBegins()
	case 'C':
		s.copyEnds()
		s.opens(o, body)
	case 'T':
		if o != nil && o.capture != nil {
			if err := o.capture.describe(body); err != nil {
				return err
			}
		} else if o != nil && o.call != nil {
			return errors.Join(s.put(o.call.description()), s.described(o))
		}
	}
	if !quiet {
		if err := s.client.Put(kind, body); err != nil {
			return err
		}
	}
	if o != nil && completes(o.kind, kind) {
		s.paid()
	}
	return nil
}

// keep keeps a row. When there are too many the server is asked to send no more, before it gets anything else that this could stop.
func (s *session) keep(c *capture, row []byte) error {
	if err := c.row(row); err != nil {
		return err
	}
	if c.excess != nil {
		s.cancelServer()
	}
	return nil
}

// described notes a description that was replaced.
func (s *session) described(o *owed) error {
	if completes(o.kind, 'T') {
		s.paid()
	}
	return nil
}

// completes tells whether a message of the server is the end of its answer to a message of the extended protocol.
func completes(asked, got byte) bool {
	switch asked {
	case 'P':
		return got == '1'
	case 'B':
		return got == '2'
	case 'C':
		return got == '3'
	case 'D':
		return got == 'T' || got == 'n'
	case 'E':
		return got == 'C' || got == 's' || got == 'I'
	}
	return false
}

// put writes a message for the client, to be sent with what follows.
func (s *session) put(m interface{ Encode([]byte) ([]byte, error) }) error {
	b, err := m.Encode(nil)
	if err != nil {
		return err
	}
	return s.client.Put(b[0], b[5:])
}

// serverError passes an error on, with its place in the client's text.
func (s *session) serverError(o *owed, body []byte) error {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return err
	}
	s.copyEnds()
	if o == nil {
		return s.client.Put('E', body)
	}
	defer s.refused(o) // whoever waits for the answer has the error then
	if o.hidden {
		o.capture.err = ofHidden(m)
		return nil
	}
	if c := o.capture; c != nil && c.excess != nil && m.Code == canceledCode {
		return s.put(s.errorMessage(c.excess))
	}
	moved := o.text != nil && m.Position > 0
	missing := o.hint && m.Hint == "" && (m.Code == "3F000" || m.Code == undefinedFunction)
	if !moved && !missing {
		return s.client.Put('E', body)
	}
	if moved {
		m.Position = int32(o.text.Position(int(m.Position)))
	}
	if missing {
		m.Hint = formHint
	}
	return s.put(&m)
}

// serverNotice passes a notice on, with its place in the client's text. The server says nothing to the client of what is hidden.
func (s *session) serverNotice(o *owed, body []byte) error {
	if o != nil && o.hidden {
		return nil
	}
	begun := s.hasBegun()
	if !begun && (o == nil || o.text == nil) {
		return s.client.Put('N', body)
	}
	var m pgproto3.NoticeResponse
	if err := m.Decode(body); err != nil {
		return err
	}
	if begun && m.Code == alreadyBegun {
		return nil
	}
	if o == nil || o.text == nil {
		return s.client.Put('N', body)
	}
	m.Position = int32(o.text.Position(int(m.Position)))
	return s.put(&m)
}

// alreadyBegun is the code of the warning that BEGIN finds a transaction.
const alreadyBegun = "25001"

// formHint is for statements with a function of MADlib that the server has not found.
const formHint = "beamfit runs a function of MADlib where it is called as SELECT madlib.function(...), with nothing but such calls in its SELECT list; not inside " +
	"other statements or expressions, DO blocks or functions."

// ofHidden is an error without its place, which is one in a text that the client does not know.
func ofHidden(m pgproto3.ErrorResponse) *pgproto3.ErrorResponse {
	m.Position = 0
	return &m
}
