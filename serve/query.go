package serve

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/sqltext"
	"github.com/beamfit/beamfit/serve/wire"
)

type message = wire.Message

// query runs a query string.
func (s *session) query(body []byte, unsynced bool) error {
	q, err := s.look(strings.TrimSuffix(string(body), "\x00"), s.onPath)
	if err != nil {
		return err
	}
	switch {
	case !q.acts:
		return s.pass(&owed{kind: 'Q', hint: q.mentions}, body)
	case q.excess:
		return s.settleThen(func() error { return errors.Join(s.refuse(tooMany, s.hide), s.sendReady(nil)) })
	}
	return s.settleThen(func() error { return s.queryWithCalls(q, unsynced) })
}

// tooMany: a query string has calls, and more statements than are kept.
var tooMany = &madlib.Error{
	Code: "54000", Message: fmt.Sprintf("a query string with calls of MADlib's functions has more than %d statements", mostParts), Hint: "Make it several query strings.",
}

// queryWithCalls runs a query string that holds calls, part by part. To PostgreSQL such a string of several statements is one transaction, up to a statement that ends it.
func (s *session) queryWithCalls(q *query, unsynced bool) error {
	if s.hasOpened() { // in messages without a Sync: the server tells whether the transaction is still open
		if _, err := s.hide(""); err != nil {
			return err
		}
	}
	ok := true
	for i := 0; i < len(q.parts) && ok; i++ {
		p := &q.parts[i]
		if s.transaction() == 'I' && (p.control == sqltext.Keeps || p.control == sqltext.Prepares) && (q.several || unsynced) {
			if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
				return errors.Join(err, s.sendReady(said))
			}
		}
		var err error
		if ok, err = s.queryPart(q, p); err != nil {
			return err
		}
	}
	if s.hasBegun() {
		if err := s.endTransaction(ok); err != nil {
			return err
		}
	}
	return s.sendReady(nil)
}

// sendReady ends the answer to a query string, with an error where there is one.
func (s *session) sendReady(said *pgproto3.ErrorResponse) error {
	var out []message
	if said != nil {
		out = append(out, said)
	}
	return s.client.Send(append(out, &pgproto3.ReadyForQuery{TxStatus: s.transaction()})...)
}

// beginHidden notes that a hidden BEGIN has worked, or what the server says of it.
func (s *session) beginHidden(_ *capture, err error) (*pgproto3.ErrorResponse, error) {
	said, err := ofServer(err)
	s.setBegun(said == nil && err == nil)
	return said, err
}

// queryPart runs a part of a query string. ok: it has worked.
func (s *session) queryPart(q *query, p *part) (ok bool, err error) {
	switch {
	case p.call != nil:
		return s.queryCall(p.call)
	case p.executes != "" && s.transaction() != 'E':
		return false, s.fail(innerExecute(p.executes))
	case s.hasBegun() && (p.control == sqltext.Commits || p.control == sqltext.TakesBack):
		// The client has begun none. That is for the server to say, when this one has ended.
		if said, err := s.endHidden(p.control == sqltext.Commits); said != nil || err != nil {
			return false, errors.Join(err, s.sendError(said))
		}
	}
	o := &owed{kind: 'Q', hideReady: true, text: p.rewrite()}
	if o.text == nil {
		o.text, o.hint = sqltext.Part(q.text, p.start, p.end), q.mentions
	}
	if err := s.pass(o, append([]byte(o.text.SQL), 0)); err != nil {
		return false, err
	}
	if err := s.settle(); err != nil || o.failed {
		return false, err
	}
	if p.control == sqltext.Prepares {
		s.setBegun(false)
	}
	if p.effect != nil {
		s.take(p.effect)
	}
	return true, nil
}

// queryCall runs a call.
func (s *session) queryCall(c *call) (ok bool, err error) {
	arguments := c.newArguments()
	o := &owed{kind: 'Q', call: c, text: c.rewrite, hideReady: true, capture: arguments}
	if err := s.pass(o, append([]byte(c.rewrite.SQL), 0)); err != nil {
		return false, err
	}
	if err := s.settle(); err != nil || o.failed {
		return false, err
	}
	if c.countJobs(arguments) > 1 && s.transaction() == 'I' { // several jobs are one statement
		if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
			return false, errors.Join(err, s.sendError(said))
		}
	}
	rows, err := s.runJobs(c, arguments)
	if err != nil {
		return false, s.fail(err)
	}
	return true, s.client.Send(append([]message{c.description()}, answer(rows)...)...)
}

func (s *session) sendError(m *pgproto3.ErrorResponse) error {
	if m == nil {
		return nil
	}
	return s.client.Send(m)
}

// endTransaction ends a transaction that the proxy has begun; an error of COMMIT is the client's.
func (s *session) endTransaction(ok bool) error {
	said, err := s.endHidden(ok)
	return errors.Join(err, s.sendError(said))
}

// endHidden ends a transaction that the proxy has begun, and returns what the server says against it.
func (s *session) endHidden(ok bool) (*pgproto3.ErrorResponse, error) {
	s.setBegun(false)
	sql := "COMMIT"
	if !ok || s.transaction() == 'E' {
		sql = "ROLLBACK"
	}
	_, err := s.hide(sql)
	return ofServer(err)
}
