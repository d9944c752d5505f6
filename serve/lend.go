package serve

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/beamfit/beamfit/io/pgio"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/serve/loan"
	"github.com/beamfit/beamfit/serve/wire"
)

// lend lends the session to a job, inside the transaction or without one.
func (s *session) lend(ctx context.Context, know knowledge, run func(pipelines.Env) error) error {
	mode := pgio.OwnTransactions
	if !know.own {
		mode = pgio.InsideTransaction
		if s.transaction() == 'I' {
			if said, err := s.beginHidden(s.hide("BEGIN")); said != nil || err != nil {
				return errors.Join(err, asError(said))
			} // it ends with what the client has sent
		}
		if _, err := s.hide("SAVEPOINT beamfit_call"); err != nil {
			return err
		}
	}
	err := s.lendIn(ctx, mode, run)
	if s.serverLost() != nil {
		return cmp.Or(err, errLost)
	}
	return cmp.Or(err, s.takeBack(mode, err == nil))
}

var errLost = errors.New("the connection to the server was lost")

// serverLost is why the server is gone, nil while it is not.
func (s *session) serverLost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func (s *session) lendIn(ctx context.Context, mode pgio.SessionMode, run func(pipelines.Env) error) (err error) {
	l, err := loan.Open(ctx, s.terms())
	if err != nil {
		return err
	}
	s.setLoan(l)
	defer func() {
		broken := l.Conn.IsClosed() || l.Conn.PgConn().IsBusy()
		l.End()
		s.setLoan(nil)
		if broken {
			_ = s.server.Close() // nobody knows what the server is about to say
			s.await()
		}
	}()
	store, err := pgio.OpenSession(ctx, l.Conn, mode)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, store.Close()) }()
	return run(pipelines.Env{Store: store, Workers: s.proxy.workers, Memory: s.proxy.memory})
}

// terms are what the session is lent at.
func (s *session) terms() loan.Terms {
	s.mu.Lock()
	defer s.mu.Unlock()
	return loan.Terms{Server: s.server, Parameters: maps.Clone(s.parameters), Status: s.status, Cancel: s.cancelServer}
}

// cancelServer asks the server to cancel what it does, and waits until it was heard.
func (s *session) cancelServer() {
	ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
	defer cancel()
	_ = s.login.Route.Cancel(ctx, wire.CancelRequest(s.login.Key)) // else the server ends the statement by itself
}

// cancelTimeout bounds the time to tell a server that it should cancel.
const cancelTimeout = 5 * time.Second

func (s *session) setLoan(l *loan.Loan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loan = l
}

// await waits until the server's end of the session is known to be lost.
func (s *session) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.lost == nil {
		s.changed.Wait()
	}
}

// takeBack ends what the session was lent in.
func (s *session) takeBack(mode pgio.SessionMode, ok bool) error {
	sql := ""
	switch {
	case mode == pgio.InsideTransaction && ok:
		sql = "RELEASE SAVEPOINT beamfit_call"
	case mode == pgio.InsideTransaction:
		sql = "ROLLBACK TO SAVEPOINT beamfit_call; RELEASE SAVEPOINT beamfit_call"
	case s.transaction() != 'I':
		sql = "ROLLBACK"
	default:
		return nil
	}
	_, err := s.hide(sql)
	return err
}
