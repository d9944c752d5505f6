package serve

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/wire"
)

// fail tells the client of an error and leaves the transaction as an error of the server would.
func (s *session) fail(err error) error {
	if lost := s.serverLost(); lost != nil {
		return errors.Join(lost, s.sayFarewell())
	}
	m := s.errorMessage(err)
	switch {
	case s.hasBegun():
		if err := s.endTransaction(false); err != nil {
			return err
		}
	case s.transaction() == 'T':
		// The server's transaction must fail too. Its log has the message then.
		_, err := s.hide(raise(m))
		if said, err := ofServer(err); err != nil || said == nil {
			return cmp.Or(err, errors.New("the server's transaction goes on after an error"))
		}
	}
	return s.client.Send(m)
}

// raise is a statement that fails with an error.
func raise(m *pgproto3.ErrorResponse) string {
	return "DO $beamfit$ BEGIN RAISE EXCEPTION USING MESSAGE = " + literal(m.Message) + ", ERRCODE = " + literal(m.Code) + "; END $beamfit$"
}

// refuse answers a message with an error, which is one of the server too: it takes back what came before, and in a pipeline drops all up to Sync. hide runs a hidden
// statement there.
func (s *session) refuse(e *madlib.Error, hide func(sql string) (*capture, error)) error {
	m := s.errorMessage(e)
	_, err := hide(raise(m))
	said, err := ofServer(err)
	if said != nil && said.Code == m.Code {
		said = m
	}
	return errors.Join(err, s.sendError(said)) // there is none where an earlier one has been said
}

// innerExecute: another statement executes a call that was prepared, and would see its arguments.
func innerExecute(name string) *madlib.Error {
	return &madlib.Error{Code: "0A000", Message: name + " is a call of MADlib's functions, which no other statement can execute", Hint: formHint}
}

// sayFarewell passes on what the server said when it ended the session.
func (s *session) sayFarewell() error {
	s.mu.Lock()
	body := s.farewell
	s.mu.Unlock()
	if body == nil {
		return s.client.Send(wire.Fatal("08006", errLost.Error(), ""))
	}
	return errors.Join(s.client.Put('E', body), s.client.Flush())
}

// literal writes a string constant in ASCII, which means the same with every setting of the session.
func literal(text string) string {
	var b strings.Builder
	b.WriteString("E'")
	for _, r := range text {
		switch {
		case r == '\\' || r == '\'':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '$' || r < ' ' && r != '\n' && r != '\t': // $ could end the body
			fmt.Fprintf(&b, "\\%03o", r)
		case r >= utf8.RuneSelf:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// errorMessage is an error for the client.
func (s *session) errorMessage(err error) *pgproto3.ErrorResponse {
	if said, _ := ofServer(err); said != nil {
		return said
	}
	e := madlib.AsError(err)
	m := &pgproto3.ErrorResponse{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: e.Code, Message: s.encode(e.Message), Detail: s.encode(e.Detail), Hint: s.encode(e.Hint),
	}
	if at := (*placedError)(nil); errors.As(err, &at) {
		m.Position = int32(at.place)
	}
	return m
}

func asError(m *pgproto3.ErrorResponse) error {
	if m == nil {
		return nil
	}
	return &serverError{m}
}

// notice tells the client something while a job runs.
func (s *session) notice(text string) {
	_ = s.client.Send(&pgproto3.NoticeResponse{Severity: "INFO", SeverityUnlocalized: "INFO", Code: "00000", Message: s.encode(text)}) // a client that is gone is noticed elsewhere
}

// isFatal tells an error that ends the session.
func isFatal(body []byte) bool {
	var m pgproto3.ErrorResponse
	return m.Decode(body) == nil && slices.Contains([]string{"FATAL", "PANIC"}, cmp.Or(m.SeverityUnlocalized, m.Severity))
}
