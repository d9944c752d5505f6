package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// places are those of calls that run. Whoever comes when all are taken waits in turn.
type places struct {
	most int // 0: no bound

	mu    sync.Mutex
	taken int // more than most where sessions could not wait
	queue []chan struct{}
}

// try takes a place where one is free.
func (p *places) try() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.most > 0 && (p.taken >= p.most || len(p.queue) > 0) {
		return false
	}
	p.taken++
	return true
}

// exceed takes a place though none is free.
func (p *places) exceed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken++
}

// wait takes a place when its turn has come.
func (p *places) wait(ctx context.Context) error {
	turn := make(chan struct{})
	p.mu.Lock()
	p.queue = append(p.queue, turn)
	p.call()
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.queue, turn); i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	} else {
		p.taken--
	}
	p.call()
	return ctx.Err()
}

func (p *places) giveBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	p.call()
}

// call gives those who wait the places that are free.
func (p *places) call() {
	for p.taken < p.most && len(p.queue) > 0 {
		close(p.queue[0])
		p.queue = p.queue[1:]
		p.taken++
	}
}

// takePlace takes a place for the jobs of a statement. Only a session on which nobody can wait may wait itself: calls with places might wait
// for its locks, and the server, which does not know of places, would never find out. A session with locks goes on at once.
func (s *session) takePlace(ctx context.Context) error {
	p := &s.proxy.places
	if p.try() {
		return nil
	}
	held, err := s.hide(locksQuery)
	if err != nil {
		return err
	}
	if string(held.rows[0][0]) != "0" {
		p.exceed()
		return nil
	}
	s.notice(fmt.Sprintf("waiting: %d calls run already", p.most))
	if s.transaction() == 'I' {
		return s.waitOutside(ctx)
	}
	if _, err := s.hide("SAVEPOINT beamfit_wait; " + patientSQL); err != nil {
		return err
	}
	if err := p.wait(ctx); err != nil {
		_, undone := s.hide(impatientSQL)
		return errors.Join(err, undone)
	}
	if _, err := s.hide(impatientSQL); err != nil {
		p.giveBack()
		return err
	}
	return nil
}

// waitOutside waits for a place outside of a transaction. The server does not end the session meanwhile for doing nothing.
func (s *session) waitOutside(ctx context.Context) error {
	p := &s.proxy.places
	c, err := s.hide("SELECT nullif(pg_catalog.current_setting('idle_session_timeout', true), '0')")
	if err != nil {
		return err
	}
	idle := c.rows[0][0]
	if idle == nil {
		return p.wait(ctx)
	}
	set := func(value string) error {
		_, err := s.hide("SELECT pg_catalog.set_config('idle_session_timeout', " + literal(value) + ", false)")
		return err
	}
	if err := set("0"); err != nil {
		return err
	}
	if err := p.wait(ctx); err != nil {
		return errors.Join(err, set(string(idle)))
	}
	if err := set(string(idle)); err != nil {
		p.giveBack()
		return err
	}
	return nil
}

// locksQuery counts the locks of a session for which others could wait. Those of the query itself, and of what the proxy asked before it, are none.
const locksQuery = `SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
	AND granted AND locktype OPERATOR(pg_catalog.<>) 'virtualxid' AND mode OPERATOR(pg_catalog.<>) 'SIReadLock'
	AND (relation IS NULL OR relation OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog.pg_locks'::pg_catalog.regclass, 'pg_catalog.pg_settings'::pg_catalog.regclass]::pg_catalog.oid[]))`

// While it waits, a session in a transaction looks idle to the server, which might end it. Going back to the savepoint takes the settings back.
const (
	patientSQL = `SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings
	WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY['idle_in_transaction_session_timeout', 'transaction_timeout'])`
	impatientSQL = "ROLLBACK TO SAVEPOINT beamfit_wait; RELEASE SAVEPOINT beamfit_wait"
)
