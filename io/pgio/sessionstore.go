package pgio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
)

// A SessionMode says whose transactions a session store works in.
type SessionMode int

const (
	// InsideTransaction: the owner of the session has begun a transaction and will end it. What the store writes is committed or rolled
	// back with it.
	InsideTransaction SessionMode = iota
	// OwnTransactions: the session has no transaction. The store begins one for each call, or for as long as a snapshot is open.
	OwnTransactions
)

// A session is what all stores on one session share.
type session struct {
	id   string // of this session among those of this process
	conn *pgx.Conn
	mode SessionMode
	had  []setting // what the settings were, to be restored
	// idle is after what time the server ends a session that has no transaction and does nothing, as one of OwnTransactions while a fit trains. It
	// does not as long as the store is open. "": it never does.
	idle string

	turn chan struct{} // holds one token: whoever has it may use the connection and what follows
	// holders are the snapshots that keep a transaction of OwnTransactions open.
	holders   int
	snapshots map[string]*sessionSnapshot
	claims    map[table.Name]string // their notes
	users     int                   // stores that are not closed
	failed    error                 // of a COMMIT that no caller was told of

	outputs spooledOutputs
	cursors atomic.Int64
}

// A sessionStore is a table.Store on one session of the server, which belongs to somebody else.
type sessionStore struct {
	*session
	open openSet
}

var sessions atomic.Int64

// OpenSession makes a store of a session: it sees what the session sees, uncommitted and temporary tables too, with its role. The owner
// must leave the connection alone until Close, which gives the session back with the settings that it had. A connection whose contexts
// end must be able to go on: a handler that closes it ends the session.
//
// All is done on the one connection, one statement at a time: readers fetch from cursors, writers spool their parts in this process and
// COPY them at Commit. So the store has no address, and Fetch, which is for workers in other processes, is errors.ErrUnsupported.
func OpenSession(ctx context.Context, conn *pgx.Conn, mode SessionMode) (table.Store, error) {
	s := &session{
		id: fmt.Sprintf("%x", sessions.Add(1)), conn: conn, mode: mode, turn: make(chan struct{}, 1),
		snapshots: map[string]*sessionSnapshot{}, claims: map[table.Name]string{},
	}
	if err := s.begin(ctx); err != nil {
		return nil, explain(ctx, err)
	}
	s.turn <- struct{}{}
	return s.handle(), nil
}

// handle is a store on the session.
func (s *session) handle() *sessionStore {
	<-s.turn
	defer s.giveBack()
	s.users++
	return &sessionStore{session: s}
}

// sessionSettings are what values in text form, the order of rows and long transactions depend on.
var sessionSettings = slices.Concat([]setting{
	{"client_encoding", "UTF8"},
	{"standard_conforming_strings", "on"},
}, textSettings, []setting{
	{"synchronize_seqscans", "off"},
	{"max_parallel_workers_per_gather", "0"},
	{"enable_indexonlyscan", "off"},
	{"enable_tidscan", "on"},
	{"idle_in_transaction_session_timeout", "0"},
	{"statement_timeout", "0"},
	{"search_path", safePath},
})

// newerSettings are not known to every server: from version 17 on, and from version 14 on.
var newerSettings = []string{transactionTimeout, "default_toast_compression"}

// setAll is the statement that changes settings for the rest of the transaction.
func setAll(settings []setting) string {
	var calls []string
	for _, v := range settings {
		calls = append(calls, "pg_catalog.set_config('"+v.name+"', "+literal(v.value)+", true)")
	}
	return "SELECT " + strings.Join(calls, ", ")
}

// inUTF8 is the statement that tells the encoding of a session and has what follows in UTF8, such as the names of a search path.
const inUTF8 = "SELECT pg_catalog.current_setting('client_encoding'), pg_catalog.set_config('client_encoding', 'UTF8', true)"

// begin learns the settings of the session and, inside a transaction, changes them.
func (s *session) begin(ctx context.Context) error {
	var ask []string
	for _, v := range sessionSettings {
		ask = append(ask, "pg_catalog.current_setting('"+v.name+"')")
	}
	for _, name := range newerSettings {
		ask = append(ask, "pg_catalog.current_setting('"+name+"', true)")
	}
	ask = append(ask, "nullif(pg_catalog.current_setting('"+idleTimeout+"', true), '0')")
	results, err := s.conn.PgConn().Exec(ctx, inUTF8+";\nSELECT "+strings.Join(ask, ", ")).ReadAll()
	if err != nil {
		return err
	}
	row := results[1].Rows[0]
	row[0] = results[0].Rows[0][0] // the encoding, which sessionSettings begins with
	for i, v := range sessionSettings {
		s.had = append(s.had, setting{v.name, string(row[i])})
	}
	s.conn.PgConn().CustomData()[lentKey] = true
	s.conn.PgConn().CustomData()[pathKey] = string(row[len(sessionSettings)-1])
	for i, name := range newerSettings {
		if value := row[len(sessionSettings)+i]; value != nil {
			s.had = append(s.had, setting{name, string(value)})
		}
	}
	if s.mode == OwnTransactions {
		s.idle = string(row[len(row)-1])
		return s.setIdle(ctx, "0")
	}
	return exec(ctx, s.conn, s.settle())
}

// setIdle sets the time in idle, if there is one, outside of transactions.
func (s *session) setIdle(ctx context.Context, value string) error {
	if s.idle == "" {
		return nil
	}
	return exec(ctx, s.conn, "SELECT pg_catalog.set_config('"+idleTimeout+"', "+literal(value)+", false)")
}

// settle is the statement that changes the settings for the store.
func (s *session) settle() string {
	settings := slices.Clone(sessionSettings)
	for _, v := range s.had {
		if v.name == transactionTimeout {
			settings = append(settings, setting{v.name, "0"})
		}
	}
	return setAll(settings) + ";\n" + localToast
}

// localToast is fasterToast for a transaction.
var localToast = strings.Replace(fasterToast, "false", "true", 1)

// take waits for the connection.
func (s *session) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *session) giveBack() { s.turn <- struct{}{} }

// The isolation levels of OwnTransactions.
const (
	oneView = "BEGIN ISOLATION LEVEL REPEATABLE READ"
	latest  = beginWrite
)

// step does something on the connection, whole or, with an error, not at all. begin begins the transaction where there is none.
func (s *session) step(ctx context.Context, begin string, fn func() error) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.giveBack()
	if s.conn.IsClosed() {
		return fmt.Errorf("the session has ended: %w", table.ErrUnavailable)
	}
	if s.mode == OwnTransactions && s.holders == 0 && s.conn.PgConn().TxStatus() == 'I' {
		if err := exec(ctx, s.conn, begin, s.settle()); err != nil {
			_ = s.clean("ROLLBACK") // what has begun, if anything has
			return explain(ctx, err)
		}
	}
	done := false
	defer func() {
		if !done { // fn panics
			_ = s.undo()
		}
	}()
	err := exec(ctx, s.conn, "SAVEPOINT beamfit_step")
	if err == nil {
		err = fn()
	}
	if err == nil {
		err = ctx.Err()
	}
	done = true
	if err != nil {
		err = explain(ctx, err)
		if lost := s.undo(); lost != nil {
			err = errors.Join(err, lost)
		}
		return err
	}
	return explain(ctx, s.keep(ctx))
}

// keep ends a step that went well.
func (s *session) keep(ctx context.Context) error {
	if err := exec(ctx, s.conn, "RELEASE SAVEPOINT beamfit_step"); err != nil {
		return errors.Join(err, s.undo())
	}
	if s.mode == OwnTransactions && s.holders == 0 {
		return s.commit()
	}
	return nil
}

// undo ends a step that went wrong.
func (s *session) undo() error {
	if s.conn.IsClosed() {
		return nil
	}
	if s.mode == OwnTransactions && s.holders == 0 {
		return s.clean("ROLLBACK")
	}
	return s.clean("ROLLBACK TO SAVEPOINT beamfit_step; RELEASE SAVEPOINT beamfit_step")
}

// commit ends a transaction of OwnTransactions; constraints and triggers may be deferred.
func (s *session) commit() error {
	return s.clean(usersPath(s.conn) + "; COMMIT")
}

// clean runs statements that the end of a context does not stop. A request to cancel what ran before may arrive late and hit them.
func (s *session) clean(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	var err error
	for range 3 {
		err = exec(ctx, s.conn, sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != queryCanceled {
			break
		}
	}
	return explain(ctx, err)
}

// release lets go of the transaction that a snapshot has kept open. The connection is the caller's.
func (s *session) release() {
	if s.holders--; s.mode == OwnTransactions && s.holders == 0 && !s.conn.IsClosed() {
		s.failed = errors.Join(s.failed, s.commit())
	}
}

// Ref tells sessions apart; it is no address.
func (s *session) Ref() string { return "postgres-session:" + s.id }

// Options has none: the connection is looked after by its owner.
func (s *session) Options() table.OpenOptions { return table.OpenOptions{} }

// Connections is that of a store with connections: here they take turns on one.
func (s *session) Connections(int) int { return connections }

// CheckElsewhere: a session is one of this process.
func (s *session) CheckElsewhere() error {
	return errors.New("a session of PostgreSQL is one of this process: use a database that the workers reach")
}

var errSessionClosed = errors.New("the store of the session is closed")

// sessionCloseTimeout bounds what Close does on the connection.
const sessionCloseTimeout = 10 * time.Second

// Close ends what is open and restores the session's settings. Its error may be that of a COMMIT, without which nothing that the store
// has written is there.
func (s *sessionStore) Close() error {
	left, first := s.open.close(errSessionClosed)
	if !first {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionCloseTimeout)
	defer cancel()
	for _, p := range left {
		p.end(ctx)
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.giveBack()
	err := s.failed
	s.failed = nil
	if s.users--; s.users > 0 {
		return err
	}
	switch status := s.conn.PgConn().TxStatus(); {
	case s.conn.IsClosed():
	case s.mode == InsideTransaction && status == 'T':
		err = errors.Join(err, explain(ctx, exec(ctx, s.conn, setAll(s.had))))
	case s.mode == OwnTransactions && status == 'I':
		err = errors.Join(err, explain(ctx, s.setIdle(ctx, s.idle)))
	}
	return err
}

func (s *sessionStore) Lookup(ctx context.Context, name table.Name) (info *table.Info, err error) {
	err = s.step(ctx, latest, func() error {
		info, err = lookup(ctx, s.conn, name)
		return err
	})
	return info, err
}

func (s *sessionStore) List(ctx context.Context) (names []table.Name, err error) {
	err = s.step(ctx, latest, func() error {
		names, err = list(ctx, s.conn)
		return err
	})
	return names, err
}

// Mutate runs fn in one step. Nothing else can use the store meanwhile.
func (s *sessionStore) Mutate(ctx context.Context, name table.Name, fn func(table.Tx) error) error {
	return s.step(ctx, latest, func() error {
		t := &tx{ctx: ctx, conn: s.conn, name: name}
		var err error
		if t.name, err = newTableName(ctx, s.conn, name, true); err == nil {
			err = t.lock()
		}
		if err != nil {
			return tableError(ctx, name, err)
		}
		if err := fn(t); err != nil {
			return err
		}
		return t.failed // fn may hide it
	})
}

func (s *sessionStore) Drop(ctx context.Context, names []table.Name, ifExists bool) (dropped []table.Name, err error) {
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	err = s.step(ctx, latest, func() error {
		dropped, err = drop(ctx, s.conn, names, ifExists, func() error { return nil })
		return err
	})
	if err != nil {
		return nil, err
	}
	return dropped, nil
}

func (s *sessionStore) Now(ctx context.Context) (now time.Time, err error) {
	err = s.step(ctx, latest, func() error { return s.conn.QueryRow(ctx, "SELECT clock_timestamp()::timestamp").Scan(&now) })
	return now, err
}
