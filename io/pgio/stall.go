package pgio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/io/table"
)

// A network that drops everything leaves both ends waiting for ever. But a server may also work for hours without sending a byte:
// it sorts, builds an index, or waits for a lock. So when no byte has moved for the stall timeout while a call waits, a second
// connection asks the server what the session does. It is cut when the server does not answer, when it waits for this side, or
// when it has nothing to do: then what was sent is lost.
//
// A machine that is gone is the kernel's to find, also on connections for which no call waits: by keep-alive where nothing is on its
// way, by TCP_USER_TIMEOUT where something is. The latter has the stall timeout, too. By itself it would also cut connections to a
// server that is busy and therefore reads nothing, so it is lifted while the peer acknowledges but takes nothing (see userTimeout).

// ticksPerTimeout is how fine the stall timeout is measured. Counting ticks spares every Read a look at the clock.
const ticksPerTimeout = 8

// A watch looks after the connections of a store.
type watch struct {
	timeout time.Duration // 0: nobody looks
	// ask returns those of the server's processes that are at work. Its error is that of a server that does not answer.
	ask  func(ctx context.Context, pids []uint32) (map[uint32]bool, error)
	tick atomic.Int64

	mu    sync.Mutex
	links map[*link]struct{}
	// dialing ends, by cutDials, when nobody may connect any more.
	dialing  context.Context
	cutDials context.CancelFunc

	stop    context.CancelFunc
	looking sync.WaitGroup
}

func newWatch(timeout time.Duration) *watch {
	w := &watch{timeout: timeout, links: map[*link]struct{}{}, stop: func() {}}
	w.dialing, w.cutDials = context.WithCancel(context.Background())
	return w
}

// keepAlive lets the kernel find a peer that is gone, host and all, also while nobody waits for it.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 6}

// dial makes every connection of a store.
func (w *watch) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.dialing, cancel)()
	c, err := netns.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l := &link{Conn: c, watch: w}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(keepAlive) // where the system has none, the stall timeout is left
		l.user = newUserTimeout(tcp, w.timeout)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[l] = struct{}{}
	return l, nil
}

// start begins to look, until end. The kernel's timeouts are adjusted beside the questions: a server may be slow to answer those.
func (w *watch) start() {
	if w.timeout <= 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	w.everyTick(ctx, func() { w.look(ctx, w.tick.Add(1)) })
	w.everyTick(ctx, w.adjust)
}

func (w *watch) everyTick(ctx context.Context, do func()) {
	w.looking.Go(func() {
		ticker := time.NewTicker(max(w.timeout/ticksPerTimeout, time.Millisecond))
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				do()
			case <-ctx.Done():
				return
			}
		}
	})
}

func (w *watch) end() {
	w.stop()
	w.looking.Wait()
}

// adjust adjusts the kernel's timeouts of all connections.
func (w *watch) adjust() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		l.user.adjust()
	}
}

// cutAll cuts all connections, and those that are being made: pgx cancels what runs by one, for which it waits 15 seconds.
func (w *watch) cutAll() {
	w.cutDials()
	w.mu.Lock()
	links := slices.Collect(maps.Keys(w.links))
	w.mu.Unlock()
	for _, l := range links {
		_ = l.Close()
	}
}

// look asks about the sessions that have been silent, and cuts those that were found stalled twice: the first time an answer may
// have been on its way.
func (w *watch) look(ctx context.Context, now int64) {
	var silent []*link
	var pids []uint32
	w.mu.Lock()
	for l := range w.links {
		if l.isSilent(now) {
			silent = append(silent, l)
			pids = append(pids, l.pid.Load())
		}
	}
	w.mu.Unlock()
	if len(silent) == 0 {
		return
	}
	busy, err := w.ask(ctx, pids)
	if ctx.Err() != nil {
		return
	}
	for _, l := range silent {
		why := "the server waits for it or has nothing to do"
		if err != nil {
			why = "the server does not answer: " + onceEach(err.Error())
		}
		l.judge(now, err == nil && busy[l.pid.Load()], &stallError{after: w.timeout, why: why})
	}
}

// A link is the network connection of a session.
type link struct {
	net.Conn
	watch *watch
	pid   atomic.Uint32 // of the server's process; 0 until the session is set up
	calls atomic.Int32  // that wait for the server
	moved atomic.Int64  // the tick at which bytes moved, or a call began, last
	cut   atomic.Pointer[stallError]
	user  *userTimeout // nil: none

	// What look remembers: the last tick at which the server was asked, and the tick of moved for which it was found stalled once.
	asked, suspect int64
}

func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	return l.after(n, err)
}

func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	return l.after(n, err)
}

func (l *link) after(n int, err error) (int, error) {
	if n > 0 {
		l.moved.Store(l.watch.tick.Load())
	}
	if err != nil {
		if errors.Is(err, syscall.ETIMEDOUT) && l.user != nil { // of the kernel; that of a deadline is another one
			l.cut.CompareAndSwap(nil, &stallError{after: l.watch.timeout, why: "the server's machine does not answer"})
		}
		if cut := l.cut.Load(); cut != nil {
			err = cut
		}
	}
	return n, err
}

func (l *link) Close() error {
	l.watch.mu.Lock()
	delete(l.watch.links, l)
	l.watch.mu.Unlock()
	return l.Conn.Close()
}

// wait notes that a call waits for the server from now on, until done. A call that waits for its caller instead says so by rest.
func (l *link) wait() {
	l.moved.Store(l.watch.tick.Load())
	l.calls.Add(1)
}

func (l *link) rest() { l.calls.Add(-1) }

// isSilent reports a link of a call for which nothing has moved, and about which the server has not been asked lately.
func (l *link) isSilent(now int64) bool {
	moved := l.moved.Load()
	if l.calls.Load() <= 0 || l.pid.Load() == 0 || now-moved < ticksPerTimeout {
		return false
	}
	return l.suspect == moved || now-l.asked >= ticksPerTimeout
}

func (l *link) judge(now int64, busy bool, stalled *stallError) {
	moved := l.moved.Load()
	l.asked = now
	switch {
	case busy || l.calls.Load() <= 0 || now-moved < ticksPerTimeout:
		l.suspect = 0
	case l.suspect != moved:
		l.suspect = moved
	default:
		l.cut.Store(stalled)
		_ = l.Close() // who waits on it gets stalled
	}
}

// A stallError is a connection on which nothing moves any more.
type stallError struct {
	after time.Duration
	why   string
}

func (e *stallError) Error() string {
	return fmt.Sprintf("nothing has moved on the connection for %v, and %s: %v", e.after, e.why, table.ErrUnavailable)
}
func (e *stallError) Unwrap() error { return table.ErrUnavailable }

// linkOf is the link under a connection, nil where it was not made by a store.
func linkOf(conn *pgx.Conn) *link {
	c := conn.PgConn().Conn()
	if wrapped, is := c.(interface{ NetConn() net.Conn }); is { // TLS
		c = wrapped.NetConn()
	}
	l, _ := c.(*link)
	return l
}

// waiting notes a call that waits for the server, until the returned function is called.
func waiting(conn *pgx.Conn) (done func()) {
	l := linkOf(conn)
	if l == nil {
		return func() {}
	}
	l.wait()
	return l.rest
}

// resting notes that the call in progress waits for somebody else than the server, until the returned function is called.
func resting(conn *pgx.Conn) (done func()) {
	l := linkOf(conn)
	if l == nil {
		return func() {}
	}
	l.rest()
	return l.wait
}

// orStall gives a failed call its cause where its link was cut: pgx may say no more than that the connection is closed.
func orStall(conn *pgx.Conn, err error) error {
	if l := linkOf(conn); err != nil && l != nil {
		if cut := l.cut.Load(); cut != nil {
			return cut
		}
	}
	return err
}

// callTracer notes the calls that are made through pgx.
type callTracer struct{}

func (callTracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if l := linkOf(conn); l != nil {
		l.wait()
	}
	return ctx
}

func (callTracer) TraceQueryEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceQueryEndData) {
	if l := linkOf(conn); l != nil {
		l.rest()
	}
}

// askServer makes the function that asks a server, on a connection of its own, which of its processes are at work.
func askServer(config *pgx.ConnConfig) func(ctx context.Context, pids []uint32) (map[uint32]bool, error) {
	config = config.Copy()
	config.Tracer = nil
	config.DialFunc = netns.DialContext
	return func(ctx context.Context, pids []uint32) (busy map[uint32]bool, err error) {
		ctx, cancel := context.WithTimeout(ctx, 2*config.ConnectTimeout)
		defer cancel()
		busy, err = atWork(ctx, config, pids)
		var answer *pgconn.PgError
		if errors.As(err, &answer) { // it lives, and does not say
			busy = map[uint32]bool{}
			for _, pid := range pids {
				busy[pid] = true
			}
			err = nil
		}
		return busy, err
	}
}

// atWork asks for processes that run something and do not wait for their client. Those of which the server tells nothing count
// as such; those that are gone do not.
func atWork(ctx context.Context, config *pgx.ConnConfig, pids []uint32) (map[uint32]bool, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }() // it has only asked
	if err := usePath(ctx, conn, &toastRule{}); err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int4[])
		AND coalesce(state, 'disabled') NOT LIKE 'idle%' AND wait_event_type IS DISTINCT FROM 'Client'`, pgx.QueryExecModeExec, signed(pids))
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	busy := map[uint32]bool{}
	for _, pid := range found {
		busy[uint32(pid)] = true
	}
	return busy, err
}

func signed(pids []uint32) []int32 {
	out := make([]int32, len(pids))
	for i, pid := range pids {
		out[i] = int32(pid)
	}
	return out
}
