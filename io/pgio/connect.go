package pgio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/io/table"
)

const (
	// connectTimeout is for one address, where the URL and PGCONNECT_TIMEOUT say nothing.
	connectTimeout = 5 * time.Second
	// minPool is the fewest connections that a store may open, where the URL does not say pool_max_conns. Snapshots,
	// readers, open parts and outputs hold one each.
	minPool = 64
	// fullPause is the longest pause before a server that had no connection left is asked again.
	fullPause = time.Second
	// idleTime is how long a connection that nobody uses is kept: others may wait for it.
	idleTime = time.Minute
	// poolWait is how long a call waits for a connection when all are taken, before it says so. Those who hold one and wait
	// for another would else wait for ever.
	poolWait = time.Minute
	// splitBytes is the size from which a table is cut into partitions.
	splitBytes = 1 << 20
	// cancelDeadline is how long a cancelled call waits for the server to stop before it drops the connection.
	cancelDeadline = 700 * time.Millisecond
	// closeDeadline is how long the end of a store waits for the server to take leave of its connections.
	closeDeadline = 2 * time.Second
)

func init() {
	for _, scheme := range []string{"postgres", "postgresql"} {
		table.Register(scheme, table.Opener{Open: Open, Redact: redact})
	}
}

// store implements table.Store.
type store struct {
	ref        string
	where      string // host, port, user and database, for messages
	pool       *pgxpool.Pool
	watch      *watch
	splitBytes int64
	poolWait   time.Duration
	maxRuns    int // table.MaxRuns, but in tests

	open    openSet
	spooled spooledOutputs
	spares  spares
}

var errClosed = errors.New("the store is closed")

// Open connects to the server that the URL names. A server that does not answer is table.ErrUnavailable within seconds; one with
// which nothing moves later is it after the stall timeout.
func Open(ctx context.Context, text string, opt table.OpenOptions) (table.Store, error) {
	return open(ctx, text, opt, cancelDeadline)
}

// open is Open with a deadline for the server to stop what a cancelled call does.
func open(ctx context.Context, text string, opt table.OpenOptions, toStop time.Duration) (table.Store, error) {
	a, err := parseURL(text)
	if err != nil {
		return nil, err
	}
	config, err := configure(text, toStop)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", table.ErrURL, a.scrub(configMessage(err)))
	}
	w := newWatch(opt.StallTimeout)
	w.ask = askServer(config.ConnConfig)
	config.ConnConfig.DialFunc = w.dial
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", table.ErrURL, a.scrub(err.Error()))
	}
	s := &store{ref: a.ref(), where: describeServer(config.ConnConfig), pool: pool, watch: w, splitBytes: splitBytes, poolWait: connectTimeout, maxRuns: table.MaxRuns}
	w.start()
	if err := s.sweep(ctx); err != nil {
		w.end()
		s.closePool()
		return nil, err
	}
	s.poolWait = poolWait
	return s, nil
}

// configure reads the URL of a server that has so long to stop what a cancelled call does.
func configure(text string, toStop time.Duration) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, "pool_max_conns") {
		config.MaxConns = max(minPool, 4*int32(runtime.NumCPU()))
	}
	conn := config.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = connectTimeout
	}
	conn.LookupFunc = netns.LookupHost // dialing is the watch's
	conn.BuildFrontend = buildFrontend
	conn.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: toStop}
	}
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "beamfit"
	}
	conn.RuntimeParams["client_encoding"] = "UTF8" // what else a session needs it is given by usePath
	conn.Tracer = callTracer{}
	config.MaxConnIdleTime = idleTime
	config.PingTimeout = conn.ConnectTimeout
	var toast toastRule
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		ctx, cancel := context.WithTimeout(ctx, conn.ConnectTimeout)
		defer cancel()
		return usePath(ctx, c, &toast)
	}
	return config, nil
}

// configMessage is pgx's reason for not taking a URL, without the URL.
func configMessage(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return text
}

// describeServer says which server is meant, for people.
func describeServer(c *pgx.ConnConfig) string {
	host := fmt.Sprintf("host %s, port %d", c.Host, c.Port)
	seen := map[string]bool{host: true}
	for _, f := range c.Fallbacks {
		if h := fmt.Sprintf("host %s, port %d", f.Host, f.Port); !seen[h] {
			seen[h] = true
			host += " or " + h
		}
	}
	database := c.Database
	if database == "" {
		database = c.User // the server's own default
	}
	return fmt.Sprintf("PostgreSQL at %s, user %s, database %s", host, c.User, database)
}

func (s *store) Ref() string { return s.ref }

// Options are those that Open was given.
func (s *store) Options() table.OpenOptions { return table.OpenOptions{StallTimeout: s.watch.timeout} }

// connections are about half of the 100 that a server allows in its usual configuration, for everybody.
const connections = 48

// Connections leaves some to others, and of a small pool those that are held.
func (s *store) Connections(held int) int {
	return min(connections, int(s.pool.Stat().MaxConns())-held)
}

// CheckElsewhere reports an address that only this machine has.
func (s *store) CheckElsewhere() error { return checkElsewhere(s.ref) }

// Now is the server's clock in the session's time zone.
func (s *store) Now(ctx context.Context) (now time.Time, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return now, err
	}
	defer conn.Release()
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()::timestamp").Scan(&now); err != nil {
		return now, explain(ctx, err)
	}
	return now, nil
}

// acquire takes a connection from the pool. A server that has no more to give is asked again for as long as a full pool is waited for: the
// workers of other processes give theirs back when a task has ended.
func (s *store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, s.poolWait)
	defer cancel()
	c, err := whileFull(waiting, s.pool.Acquire)
	switch {
	case err == nil:
		return c, nil
	case isFull(err):
		return nil, s.connectError(err)
	case s.open.isClosed():
		return nil, errClosed
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", s.where, ctx.Err())
	case waiting.Err() != nil:
		if stat := s.pool.Stat(); stat.AcquiredConns() < stat.MaxConns() { // one was being made
			return nil, fmt.Errorf("%s: %w: the server has not answered within %v", s.where, table.ErrUnavailable, s.poolWait)
		}
		return nil, fmt.Errorf("%s: %w: all %d connections are in use; work on fewer partitions at a time or set pool_max_conns in the URL",
			s.where, table.ErrUnavailable, s.pool.Config().MaxConns)
	}
	return nil, s.connectError(err)
}

// whileFull asks for a connection again while the server has no more to give, until the context ends.
func whileFull[C any](ctx context.Context, ask func(context.Context) (C, error)) (C, error) {
	c, err := ask(ctx)
	for tooMany := err; isFull(err); {
		select {
		case <-time.After(time.Duration(rand.Int64N(int64(fullPause)))):
			c, err = ask(ctx)
		case <-ctx.Done():
			return c, tooMany
		}
	}
	return c, err
}

// connect makes a connection beside the pool's, for what must not wait until one of those is free. It is the caller's to close. A server that
// is full is asked again, as by acquire.
func (s *store) connect(ctx context.Context) (*pgx.Conn, error) {
	config := s.pool.Config()
	waiting, cancel := context.WithTimeout(ctx, s.poolWait)
	defer cancel()
	conn, err := whileFull(waiting, func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config.ConnConfig) })
	if err == nil {
		if err = config.AfterConnect(ctx, conn); err == nil {
			return conn, nil
		}
		closeConn(conn)
	}
	if ctx.Err() != nil && !isFull(err) {
		return nil, fmt.Errorf("%s: %w", s.where, ctx.Err())
	}
	return nil, s.connectError(err)
}

// closeConn takes leave of the server, which ends what the session holds.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelDeadline)
	defer cancel()
	_ = conn.Close(ctx) // it is closed in any case
}

// Close aborts what is open and closes all connections.
func (s *store) Close() error {
	left, _ := s.open.close(errClosed)
	// Outputs last: their tables can be dropped when nobody writes to them any more.
	slices.SortStableFunc(left, func(a, b closer) int { return cmp.Compare(endRank(a), endRank(b)) })
	for _, c := range left {
		c.end(context.Background()) // each bounds what it waits for
	}
	s.watch.end()
	s.closePool()
	return nil
}

// closePool closes the connections. Those on which nothing moves any more it cuts after closeDeadline; pgx would wait for many seconds.
func (s *store) closePool() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.pool.Close()
	}()
	for wait := closeDeadline; ; wait = closeDeadline / 100 { // again, for pgx may still be connecting to cancel what runs
		select {
		case <-closed:
			return
		case <-time.After(wait):
			s.watch.cutAll()
		}
	}
}

func endRank(c closer) int {
	switch c.(type) {
	case *output, *spooledOutput:
		return 1
	}
	return 0
}
