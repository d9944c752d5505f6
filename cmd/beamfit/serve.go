package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/serve"
	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/wire"
)

// The defaults of serve.
const (
	serveListen     = "127.0.0.1:5433"
	serveMetrics    = "off"
	serveMaxClients = 100
	serveGrace      = 30 * time.Second
)

// endGrace is how long sessions take to end when --grace is over.
const endGrace = 5 * time.Second

type serveTask struct {
	listen, metrics                     string
	auth                                string
	cert, key, filesDir                 string
	insecureListen, allowUnasked, stubs bool
	maxClients, maxJobs, shards         int
	grace                               time.Duration
}

func serveCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "serve", group: groupUse, jobs: true,
		short: "Run MADlib's scripts unchanged: a proxy in front of a PostgreSQL server",
		long: `Listen for PostgreSQL's clients, pass on what they send to the server of --db, and run MADlib's deep-learning functions
where a statement calls one: SELECT madlib.madlib_keras_fit(...). A function runs on the client's own session with the
server, in its transaction, with its role and search path. Clients log in at the server as themselves; --db has no user
and no password. Nothing is installed in the server.

docs/sql.md has a session, and says what is not supported.`,
		example: `beamfit serve --db postgres://localhost:5432/
psql -p 5433 -h localhost -f script.sql
beamfit serve --db postgres://db.example.org/ --listen 0.0.0.0:5433 --tls-cert proxy.crt --tls-key proxy.key`,
	}, newServeTask())
}

// newServeTask has the defaults.
func newServeTask() *serveTask {
	return &serveTask{listen: serveListen, metrics: serveMetrics, auth: string(wire.AuthAuto), maxClients: serveMaxClients, grace: serveGrace}
}

func (t *serveTask) define(f flags) {
	f.add(flagvalue.Of(&t.listen, flagvalue.Given), "listen", "HOST:PORT", serveListen, "address to listen on, or unix:DIR for the socket DIR/.s.PGSQL.5433")
	f.add(flagvalue.Of(&t.cert, flagvalue.Given), "tls-cert", "FILE", none, "certificate for clients, in PEM")
	f.add(flagvalue.Of(&t.key, flagvalue.Given), "tls-key", "FILE", none, "key of the certificate, in PEM")
	f.toggle(&t.insecureListen, "insecure-listen", "serve clients without TLS where other machines can connect")
	f.choice(&t.auth, "auth", "HOW", wire.Auths, t.auth,
		"relay: the server's questions go to the client; password: ask for it, inside TLS; auto: ask where a relay cannot work, with SCRAM over TLS on both sides")
	f.toggle(&t.allowUnasked, "allow-unasked", "let in clients whom the server asks for no password: whoever reaches the proxy is then whoever he says")
	f.add(flagvalue.Of(&t.maxClients, flagvalue.Positive), "max-clients", "N", fmt.Sprint(serveMaxClients), "most sessions at a time")
	f.add(flagvalue.Of(&t.maxJobs, flagvalue.Count), "max-jobs", "N", "one per CPU", "most calls of functions at a time; others wait, unless their transaction holds locks")
	f.add(flagvalue.Of(&t.shards, flagvalue.Positive), "shards", "N", "1", "workers that packed tables are made for, where a session does not SET beamfit.shards")
	f.add(flagvalue.Of(&t.filesDir, flagvalue.Given), "files-dir", "DIR", "no files", "folder for the files of callbacks in fit_params (TensorBoard, CSVLogger): relative names are below it, absolute ones must lie in it")
	f.add(flagvalue.Of(&t.grace, flagvalue.Duration), "grace", "DURATION", serveGrace.String(), "how long calls may go on after SIGTERM")
	f.toggle(&t.stubs, "print-stubs", "print SQL that makes a schema madlib of functions which only say to connect through the proxy, and serve nothing")
	f.add(flagvalue.Of(&t.metrics, flagvalue.Given), "metrics", "HOST:PORT", serveMetrics, "address for /healthz and Prometheus' /metrics")
}

func (t *serveTask) validate(_ []string, given func(string) bool) error {
	if given("stall-timeout") {
		return errors.New("--stall-timeout is for connections of a command's own; those of serve are the clients' sessions, which wait as long as their clients do")
	}
	if (t.cert == "") != (t.key == "") {
		return errors.New("--tls-cert and --tls-key are used together")
	}
	return nil
}

// defaultPort is the port in the name of a Unix socket.
const defaultPort = "5433"

// listener listens, where that is safe.
func (t *serveTask) listener() (net.Listener, error) {
	if dir, is := strings.CutPrefix(t.listen, "unix:"); is {
		return listenUnix(filepath.Join(dir, ".s.PGSQL."+defaultPort))
	}
	l, err := net.Listen("tcp", t.listen)
	if err != nil {
		return nil, err
	}
	if !serve.Private(l.Addr()) && t.cert == "" && !t.insecureListen {
		return nil, errors.Join(usageError{fmt.Errorf("%s can be reached from other machines: expected --tls-cert and --tls-key, or --insecure-listen", t.listen)}, l.Close())
	}
	return l, nil
}

// listenUnix listens on a socket to which every user of the machine may connect, as to PostgreSQL's: who is let in is what the login says.
func listenUnix(path string) (net.Listener, error) {
	l, err := listenAt(path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o777); err != nil { // whatever the umask has left
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// listenAt listens on a socket, also where one lies that nobody listens on: a proxy that was killed leaves its own.
func listenAt(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if info, missing := os.Lstat(path); missing != nil || info.Mode().Type() != os.ModeSocket {
		return nil, err
	}
	switch c, dead := net.Dial("unix", path); {
	case dead == nil:
		return nil, errors.Join(err, c.Close())
	case !errors.Is(dead, syscall.ECONNREFUSED):
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

func (t *serveTask) run(ctx context.Context, a *app) error {
	if t.stubs {
		_, err := io.WriteString(a.out, madlib.Stubs(serve.DefaultSchema))
		return err
	}
	if a.runner != pipelines.DirectRunner {
		return usageError{fmt.Errorf("serve runs functions on runner %s only, found --runner %s: other workers cannot use a client's session", pipelines.DirectRunner, a.runner)}
	}
	a.grace.Store(int64(t.grace + endGrace))
	upstream, err := wire.NewUpstream(a.storeURL(), wire.Auth(t.auth))
	if err != nil {
		return usageError{err}
	}
	config, err := t.tlsConfig()
	if err != nil {
		return err
	}
	if t.maxJobs == 0 {
		t.maxJobs = runtime.GOMAXPROCS(0)
	}
	l, err := t.listener()
	if err != nil {
		return err
	}
	p := serve.New(serve.Options{
		Upstream: upstream, Auth: wire.Auth(t.auth), AllowUnasked: t.allowUnasked, TLS: config, AllowPlain: t.insecureListen, MaxClients: t.maxClients, MaxJobs: t.maxJobs,
		Workers: a.workers, Memory: a.memory, Settings: t.settings(), FilesBelow: t.filesDir, Log: slog.Default(),
	})
	stop, err := t.serveMetrics(a, p)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer stop()
	a.say("listening on %s for %s", l.Addr(), upstream.Where())
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		_ = l.Close() // Serve returns
		err = <-served
	}
	a.say("shutting down")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.grace)
	defer cancel()
	p.Shutdown(grace)
	return err
}

// settings are those of a session that sets none. Without --shards a table of distribution_rules says how many there are, as for preprocess.
func (t *serveTask) settings() madlib.Settings { return madlib.Settings{Shards: t.shards} }

func (t *serveTask) tlsConfig() (*tls.Config, error) {
	if t.cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(t.cert, t.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be used: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"postgresql"}, MinVersion: tls.VersionTLS12}, nil
}

// serveMetrics answers HTTP, where that is asked for.
func (t *serveTask) serveMetrics(a *app, p *serve.Server) (stop func(), err error) {
	if t.metrics == serveMetrics {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", t.metrics)
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }() // until it is closed
	a.say("metrics on http://%s/metrics", l.Addr())
	return func() { _ = s.Close() }, nil
}
