package serve

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

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
	if !q.hasCalls() {
		return s.pass(&owed{kind: 'Q', hint: q.mentions}, body)
	}
	return s.settleThen(func() error { return s.queryWithCalls(q, unsynced) })
}

// queryWithCalls runs a query string that holds calls. To PostgreSQL such a string is one transaction, unless its statements say otherwise;
// then it is run statement by statement.
func (s *session) queryWithCalls(q *query, unsynced bool) error {
	several := len(q.statements) > 1
	controls := false
	for _, st := range q.statements {
		controls = controls || st.ChangesTransaction(q.text)
	}
	if s.hasOpened() { // in messages without a Sync: the server tells whether the transaction is still open
		if _, err := s.hide(""); err != nil {
			return err
		}
	}
	if s.transaction() == 'I' && (several && !controls || unsynced) {
		if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
			return errors.Join(err, s.finish(said))
		}
	}
	ok := true
	for i := 0; i < len(q.statements) && ok; {
		var err error
		if c := q.calls[i]; c != nil {
			ok, err = s.queryCall(c)
			i++
		} else if name, executes := q.executes[i]; executes && s.transaction() != 'E' {
			ok, err = false, s.fail(innerExecute(name))
		} else {
			j := i + 1
			if p, is := q.prepares[i]; is {
				ok, err = s.prepare(q, i, p)
			} else {
				for j < len(q.statements) && q.passes(i) && q.passes(j) && !controls {
					j++
				}
				ok, err = s.queryPart(q, i, j)
				if e, ends := q.ends[i]; ends && ok {
					s.forgetEnded(e)
				}
			}
			i = j
		}
		if err != nil {
			return err
		}
	}
	if s.began {
		if err := s.end(ok); err != nil {
			return err
		}
	}
	return s.finish(nil)
}

// finish ends the answer to a query string, with an error where there is one.
func (s *session) finish(said *pgproto3.ErrorResponse) error {
	var out []message
	if said != nil {
		out = append(out, said)
	}
	return s.client.Send(append(out, &pgproto3.ReadyForQuery{TxStatus: s.transaction()})...)
}

// beginHidden notes that a hidden BEGIN has worked, or what the server says of it.
func (s *session) beginHidden(_ *capture, err error) (*pgproto3.ErrorResponse, error) {
	said, err := ofServer(err)
	s.began = said == nil && err == nil
	return said, err
}

// queryPart runs statements i to j, none of which is a call. ok: they have all worked.
func (s *session) queryPart(q *query, i, j int) (ok bool, err error) {
	part := sqltext.Part(q.text, q.statements[i].Start, q.statements[j-1].End)
	o := &owed{kind: 'Q', hideReady: true, text: part, hint: q.mentions}
	if err := s.pass(o, append([]byte(part.SQL), 0)); err != nil {
		return false, err
	}
	err = s.settle()
	return !o.failed, err
}

// forgetEnded forgets prepared calls that the server has ended.
func (s *session) forgetEnded(e ended) {
	if e.all {
		clear(s.statements)
	}
	delete(s.statements, e.name)
}

// prepare runs a PREPARE, of a call or of something else.
func (s *session) prepare(q *query, i int, p prepared) (ok bool, err error) {
	if p.call == nil {
		if ok, err = s.queryPart(q, i, i+1); ok {
			delete(s.statements, p.name)
		}
		return ok, err
	}
	o := &owed{kind: 'Q', hideReady: true, text: p.call.rewrite}
	if err := s.pass(o, append([]byte(p.call.rewrite.SQL), 0)); err != nil {
		return false, err
	}
	if err := s.settle(); err != nil || o.failed {
		return false, err
	}
	s.statements[p.name] = p.call
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
	if c.jobs(arguments) > 1 && s.transaction() == 'I' { // several jobs are one statement
		if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
			return false, errors.Join(err, s.sendError(said))
		}
	}
	rows, err := s.jobs(c, arguments)
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

// end ends a transaction that the proxy has begun; an error of COMMIT is the client's.
func (s *session) end(ok bool) error {
	s.began = false
	sql := "COMMIT"
	if !ok || s.transaction() == 'E' {
		sql = "ROLLBACK"
	}
	_, err := s.hide(sql)
	said, err := ofServer(err)
	return errors.Join(err, s.sendError(said))
}
