package serve

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// metrics count what the proxy does, for Prometheus.
type metrics struct {
	mu                sync.Mutex
	clients           int // connected now
	sessions, refused int // logged in, and not let in, since the start
	running           int // jobs
	calls             map[string]*callCount
}

type callCount struct {
	ended, failed int
	seconds       float64
}

func (m *metrics) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running++
}

func (m *metrics) end(function string, took time.Duration, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
	c := m.calls[function]
	if c == nil {
		c = &callCount{}
		m.calls[function] = c
	}
	c.ended++
	c.seconds += took.Seconds()
	if failed {
		c.failed++
	}
}

func (m *metrics) connected(by int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients += by
}

func (m *metrics) loggedIn(ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ok {
		m.sessions++
	} else {
		m.refused++
	}
}

// text is the metrics in Prometheus' text form. passing is the sessions that loops have.
func (m *metrics) text(passing int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	one := func(name, kind, help string, value int) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s %[3]s\n%[1]s %[4]d\n", name, help, kind, value)
	}
	one("beamfit_clients", "gauge", "Clients that are connected.", m.clients)
	one("beamfit_sessions_passing", "gauge", "Sessions that wait or pass small messages on, in a loop.", passing)
	one("beamfit_sessions_total", "counter", "Sessions that were begun.", m.sessions)
	one("beamfit_logins_refused_total", "counter", "Logins that did not become a session.", m.refused)
	one("beamfit_calls_running", "gauge", "Calls of functions that run or wait for a place.", m.running)
	perFunction := func(name, help string, value func(*callCount) any) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s counter\n", name, help)
		for _, f := range slices.Sorted(maps.Keys(m.calls)) {
			fmt.Fprintf(&b, "%s{function=%q} %v\n", name, f, value(m.calls[f]))
		}
	}
	perFunction("beamfit_calls_total", "Calls that have ended.", func(c *callCount) any { return c.ended })
	perFunction("beamfit_calls_failed_total", "Calls that have ended with an error.", func(c *callCount) any { return c.failed })
	perFunction("beamfit_call_seconds_total", "Time that calls took.", func(c *callCount) any { return c.seconds })
	return b.String()
}

// Handler answers /healthz, with the state 503 once the proxy shuts down, and /metrics.
func (p *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if p.isDraining() {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok") // a client that is gone does not read it
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = fmt.Fprint(w, p.metrics.text(p.loops.Held())) // as above
	})
	return mux
}
