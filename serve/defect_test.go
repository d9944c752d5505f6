package serve

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// TestSemicolonsInArguments: what is no statement to PostgreSQL is none here, and runs nothing.
func TestSemicolonsInArguments(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("CREATE TABLE kept (a int)", "C(CREATE_TABLE) Z(I)")
	for _, sql := range []string{
		"SELECT madlib.version('x'; VALUES (1,2), (3,4))",
		"SELECT madlib.version('x'; DROP TABLE kept)",
		"SELECT madlib.version('x', ('y'; DROP TABLE kept))",
		"PREPARE p AS SELECT madlib.version('x'; DROP TABLE kept)",
	} {
		c.asks(sql, "E(42601) Z(I)")
		c.sends(append(unnamed(sql), &pgproto3.Sync{})...)
		c.says("E(42601) Z(I)")
	}
	c.asks("SELECT * FROM kept", "T C(SELECT_0) Z(I)")
}

// A brittle log fails when it is told of a call.
type brittle struct{ *logged }

func (b brittle) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("msg=call")) {
		panic("a secret")
	}
	return b.logged.Write(line)
}

// TestDefect: a defect ends its session, which is told so, and no other. The faults are planted: a log that fails, a map that cannot be written to.
func TestDefect(t *testing.T) {
	said := &logged{}
	s := start(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(brittle{said}, nil)) })
	other, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	for name, plant := range map[string]struct {
		fault func(*session)
		sql   string
	}{
		"in a call":                {func(*session) {}, "SELECT madlib.delete_keras_model('secret', 1)"},
		"in what the server sends": {func(s *session) { s.parameters = nil }, "SET application_name = 'secret'"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
			s.proxy.each(func(s *session) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.login.PID() == c.PgConn().PID() {
					plant.fault(s)
				}
				return true
			})
			_, err := c.Exec(context.Background(), plant.sql)
			wantError(t, err, "XX000", "its log tells how")
			d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
			eventually(t, d, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()), "0")
			if got := ask(t, other, "SELECT 1"); got != "1" {
				t.Error(got)
			}
		})
	}
	log := said.String()
	if strings.Count(log, "msg=defect") != 2 || !strings.Contains(log, "assignment to entry in nil map") || !strings.Contains(log, "panic=string") ||
		!strings.Contains(log, "serve/query.go") || strings.Contains(log, "secret") {
		t.Errorf("the log is\n%s", log)
	}
}
