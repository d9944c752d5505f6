package serve

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/wire"
)

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
