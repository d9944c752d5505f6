package serve

import (
	"errors"

	"github.com/jackc/pgx/v5/pgproto3"
)

// execute runs the jobs of a portal, or passes on the Execute of another one. A limit on the rows of an answer is not heeded: a function
// that returns nothing has few.
func (s *session) execute(body []byte) error {
	portal, _, _ := cutName(body)
	k := s.portals[string(portal)]
	c := k.call
	if c == nil {
		s.executed = true
		return s.executePlain(k, body)
	}
	arguments := c.newArguments()
	asked := &owed{call: c, text: c.rewrite, capture: arguments}
	err := errors.Join(
		s.tell(&owed{call: c, capture: arguments}, &pgproto3.Describe{ObjectType: 'P', Name: string(portal)}),
		s.tell(asked, &pgproto3.Execute{Portal: string(portal)}))
	if err != nil {
		return err
	}
	if err := s.settle(); err != nil || asked.failed {
		return err // the client has the error, and the server waits for Sync
	}
	said, err := s.prepareJobs(c.countJobs(arguments))
	if said != nil || err != nil {
		s.dropping = true
		return errors.Join(err, s.sendError(said))
	}
	s.executed = true
	rows, err := s.runJobs(c, arguments)
	if err != nil {
		s.dropping = true
		return s.fail(err)
	}
	return s.client.Send(answer(rows)...)
}

// executePlain passes on the Execute of what is no call, and takes its effect.
func (s *session) executePlain(k remembered, body []byte) error {
	if k.effect == nil {
		return s.pass(plain['E'], body)
	}
	o := &owed{kind: 'E', text: k.rewrite()}
	if err := s.pass(o, body); err != nil {
		return err
	}
	if err := s.settle(); err != nil || o.failed {
		return err
	}
	s.take(k.effect)
	return nil
}

// prepareJobs makes the session idle, so that it can be lent. PostgreSQL runs the messages up to Sync as one transaction: BEGIN takes up
// what came before, and Sync will end it. A single job that nothing comes before or behind has transactions of its own. A transaction that
// the client has begun stays its own.
func (s *session) prepareJobs(jobs int) (*pgproto3.ErrorResponse, error) {
	if s.hasBegun() || s.transaction() != 'I' || s.hasOpened() {
		_, err := s.hideMessages(&pgproto3.Sync{})
		if said, err := ofServer(err); said != nil || err != nil || s.transaction() != 'I' {
			return said, err
		}
	}
	if jobs == 1 && !s.executed {
		next, err := s.client.PeekKind()
		if err != nil {
			return nil, err
		}
		if next == 'S' {
			_, err := s.hideMessages(&pgproto3.Sync{})
			return ofServer(err)
		}
	}
	return s.beginHidden(s.hideAndSync("BEGIN"))
}

// sync ends a pipeline.
func (s *session) sync() error {
	failed := s.dropping
	s.dropping = false
	if begun, err := s.stillBegun(); err != nil {
		return err
	} else if !begun {
		return s.pass(plain['S'], nil)
	}
	if err := s.pass(&owed{kind: 'S', hideReady: true}, nil); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	if err := s.endTransaction(!failed); err != nil {
		return err
	}
	return s.sendReady(nil)
}

// onPathInPipeline is onPath among messages of the extended protocol.
func (s *session) onPathInPipeline() (bool, error) {
	if s.transaction() == 'E' {
		return false, nil // every statement is an error now, one of ours too
	}
	c, err := s.hideInPipeline(s.onPathQuery())
	if said, err := ofServer(err); said != nil || err != nil {
		return false, errors.Join(err, s.sendError(said)) // the server drops the client's statement, and all up to Sync
	}
	return c.isTrue(), nil
}
