package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/poll"
	"github.com/beamfit/beamfit/serve/wire"
)

// DefaultSchema is that of MADlib's functions.
const DefaultSchema = "madlib"

// Options are what a proxy is made with.
type Options struct {
	Upstream *wire.Upstream
	Auth     wire.Auth
	// AllowUnasked lets in clients whom the server asks for nothing, wherever they come from.
	AllowUnasked bool
	TLS          *tls.Config // nil: clients get no TLS
	// AllowPlain lets in clients without TLS where other machines can connect.
	AllowPlain bool
	// Schema is that of MADlib's functions; "": madlib.
	Schema string
	// MaxClients is the most connections at a time, and MaxJobs the most calls that run at a time; others wait, but for sessions
	// that hold locks already. 0: no bound.
	MaxClients, MaxJobs int
	// Workers and Memory are those of pipelines.Env, for each call.
	Workers int
	Memory  int64
	// Settings are those that sessions do not set.
	Settings madlib.Settings
	// FilesBelow is the folder that the files of callbacks lie below; "": there are none.
	FilesBelow string
	Log        *slog.Logger
}

// A Server is a proxy.
type Server struct {
	upstream   *wire.Upstream
	auth       wire.Auth
	unasked    bool
	plain      bool
	tls        *tls.Config
	schema     string
	maxClients int
	places     places
	workers    int
	memory     int64
	settings   madlib.Settings
	filesBelow string
	log        *slog.Logger
	metrics    metrics
	needles    []string // names of functions, as they are looked for in a text
	loops      *poll.Loops

	mu       sync.Mutex
	clients  map[net.Conn]struct{}
	sessions map[string]*session // by the key of requests to cancel
	admitted int                 // those and the logins that are going on
	draining bool
	done     sync.WaitGroup
}

// New makes a proxy.
func New(o Options) *Server {
	p := &Server{
		upstream: o.Upstream, auth: o.Auth, unasked: o.AllowUnasked, plain: o.AllowPlain, tls: o.TLS, schema: o.Schema, maxClients: o.MaxClients,
		workers: o.Workers, memory: o.Memory, settings: o.Settings, filesBelow: o.FilesBelow, log: o.Log,
		clients: map[net.Conn]struct{}{}, sessions: map[string]*session{}, metrics: metrics{calls: map[string]*callCount{}},
		loops: poll.NewLoops(max(1, runtime.GOMAXPROCS(0)/coresPerLoop)), places: places{most: o.MaxJobs},
	}
	if p.schema == "" {
		p.schema = DefaultSchema
	}
	for _, f := range madlib.Functions() {
		if f.Unqualified() {
			p.needles = append(p.needles, f.Name)
		}
	}
	return p
}

// coresPerLoop is how many cores there are for each loop: what it passes on is the work of the others.
const coresPerLoop = 2

// mentions tells whether a text has the name of MADlib's schema, and whether it has that or the name of a function that may be written
// without it: only then can it be a call.
func (p *Server) mentions(text string) (schema, any bool) {
	lower := strings.ToLower(text)
	if strings.Contains(lower, p.schema) {
		return true, true
	}
	for _, n := range p.needles {
		if strings.Contains(lower, n) {
			return false, true
		}
	}
	return false, false
}

// Private tells a listener that only this machine reaches.
func Private(l net.Addr) bool {
	switch a := l.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// loginTimeout is how long a client may take to log in, as PostgreSQL's authentication_timeout.
const loginTimeout = time.Minute

// Serve takes clients until the listener is closed, which is no error.
func (p *Server) Serve(l net.Listener) error {
	for wait := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			wait = 0
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, context.Canceled):
			return err
		default: // too many open files, for instance
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			p.log.Error("accept", "error", err)
			time.Sleep(wait)
			continue
		}
		c = poll.NewSocket(c)
		if !p.enter(c) {
			go refuse(c)
			continue
		}
		go func() {
			defer p.leave(c)
			_ = guard(p.log, func() error { p.serve(c, Private(l.Addr())); return nil }) // the log has it
		}()
	}
}

// enter takes a connection in.
func (p *Server) enter(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining || p.maxClients > 0 && len(p.clients) >= p.maxClients+p.maxClients/10+1 { // some more for requests to cancel
		return false
	}
	p.clients[c] = struct{}{}
	p.done.Add(1)
	p.metrics.connected(1)
	return true
}

func (p *Server) leave(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, c)
	p.metrics.connected(-1)
	p.done.Done()
}

// refuse closes a connection for which there is no place, without hearing it.
func refuse(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_ = wire.NewConn(c).Send(wire.Fatal("53300", "the proxy has no place for more clients", ""))
	_ = c.Close()
}

// serve is one connection.
func (p *Server) serve(c net.Conn, private bool) {
	log := p.log.With("client", c.RemoteAddr().String())
	ctx, cancel := context.WithTimeout(context.Background(), loginTimeout)
	defer cancel()
	_ = c.SetDeadline(time.Now().Add(loginTimeout)) // a connection that cannot have one is ended by the context
	client, first, err := wire.Accept(ctx, c, p.tls)
	if err != nil {
		log.Info("no login", "error", err.Error())
		p.metrics.loggedIn(false)
		return
	}
	if first.Cancel != nil {
		p.cancel(ctx, first)
		return
	}
	log = log.With("user", first.Parameters["user"], "database", first.Parameters["database"])
	s, err := p.login(ctx, client, first, private, log)
	p.metrics.loggedIn(err == nil)
	if err != nil {
		log.Info("no login", "error", err.Error())
		return
	}
	defer p.remove(s)
	cancel()
	_ = c.SetDeadline(time.Time{})
	log.Info("session begins", "tls", first.TLS)
	begun := time.Now()
	err = s.run()
	if err != nil {
		log.Info("session ends", "seconds", time.Since(begun).Seconds(), "error", err.Error())
		return
	}
	log.Info("session ends", "seconds", time.Since(begun).Seconds())
}

func (p *Server) login(ctx context.Context, client *wire.Conn, first wire.First, private bool, log *slog.Logger) (*session, error) {
	if !first.TLS && !private && !p.plain {
		err := errors.New("the client has no TLS")
		return nil, errors.Join(err, client.Send(wire.Fatal("28000", "what is sent could be read on its way: connect with TLS", "Set sslmode=require.")))
	}
	if !p.admit() {
		err := fmt.Errorf("there are %d sessions already", p.maxClients)
		return nil, errors.Join(err, client.Send(wire.Fatal("53300", "the proxy has no place for more clients", "")))
	}
	l, err := p.upstream.LogIn(ctx, client, first, wire.Policy{
		Auth: p.auth, Private: private, Unasked: p.unasked || private && p.upstream.Loopback,
	})
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.admitted--
		return nil, err
	}
	s := newSession(p, client, l, log)
	if r := strings.ToLower(first.Parameters["replication"]); r != "" && r != "false" && r != "off" && r != "no" && r != "0" {
		s.plain = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[string(l.Key)] = s
	return s, nil
}

// admit counts a client that is about to log in; false: there are as many as may be.
func (p *Server) admit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.maxClients > 0 && p.admitted >= p.maxClients {
		return false
	}
	p.admitted++
	return true
}

func (p *Server) remove(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.admitted--
	delete(p.sessions, string(s.login.Key))
}

// cancel stops the job of a session, or asks the server to stop what it does. A key that no session has is not answered, as by a server.
func (p *Server) cancel(ctx context.Context, first wire.First) {
	p.mu.Lock()
	s := p.sessions[string(first.Key)]
	p.mu.Unlock()
	if s == nil || len(first.Key) < 8 {
		return
	}
	s.mu.Lock()
	stop := s.stop
	s.mu.Unlock()
	if stop != nil {
		stop(errCanceled)
		return
	}
	if err := s.login.Route.Cancel(ctx, first.Cancel); err != nil {
		p.log.Info("a request to cancel did not reach the server", "error", err.Error())
	}
}

func (p *Server) isDraining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

// Shutdown ends the sessions: idle ones at once, others when they are idle, and all when ctx ends. Listeners must be closed before.
func (p *Server) Shutdown(ctx context.Context) {
	p.mu.Lock()
	p.draining = true
	p.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		p.done.Wait()
		close(ended)
	}()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		p.each((*session).leave)
		select {
		case <-ended:
			return
		case <-ticker.C:
			continue
		case <-ctx.Done():
		}
		break
	}
	p.each(func(s *session) bool { s.kill(); return true })
	select {
	case <-ended:
	case <-time.After(killGrace): // clients that are about to log in
		p.mu.Lock()
		for c := range p.clients {
			_ = c.Close()
		}
		p.mu.Unlock()
		<-ended
	}
}

// killGrace is how long sessions have to end when they are made to.
const killGrace = 2 * time.Second

func (p *Server) each(do func(*session) bool) {
	p.mu.Lock()
	all := make([]*session, 0, len(p.sessions))
	for _, s := range p.sessions {
		all = append(all, s)
	}
	p.mu.Unlock()
	for _, s := range all {
		do(s)
	}
}
