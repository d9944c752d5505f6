package serve

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// TestCopyInPipeline: COPY FROM STDIN in the extended protocol, where the server swallows what comes before the end of the data, and a call behind it.
func TestCopyInPipeline(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("CREATE TABLE d (a int)", "C(CREATE_TABLE) Z(I)")
	c.asks(load(t), fmt.Sprintf(added, 1)+" T D() C(SELECT_1) Z(I)")
	begin := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "COPY d FROM STDIN"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}}
	data := []pgproto3.FrontendMessage{&pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyData{Data: []byte("2\n")}}
	bad := []pgproto3.FrontendMessage{&pgproto3.CopyData{Data: []byte("bad\n")}}
	done := []pgproto3.FrontendMessage{&pgproto3.CopyDone{}, &pgproto3.Sync{}}
	fail := []pgproto3.FrontendMessage{&pgproto3.CopyFail{Message: "no"}, &pgproto3.Sync{}}
	absent := slices.Concat([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: "COPY nothing FROM STDIN"}}, begin[1:])
	call := append(unnamed("SELECT madlib.delete_keras_model('a', 77)"), &pgproto3.Sync{})
	called := "1 2 T E(55000) Z(I)"
	for name, x := range map[string]struct {
		sent [][]pgproto3.FrontendMessage
		want []string
	}{
		"in turns":             {[][]pgproto3.FrontendMessage{begin, data, done}, []string{"1 2 G", "", "C(COPY_2) Z(I)"}},
		"at once":              {[][]pgproto3.FrontendMessage{slices.Concat(begin, data, done)}, []string{"1 2 G C(COPY_2) Z(I)"}},
		"with Syncs between":   {[][]pgproto3.FrontendMessage{begin, data, {&pgproto3.Sync{}, &pgproto3.Flush{}}, done}, []string{"1 2 G", "", "", "C(COPY_2) Z(I)"}},
		"that fails":           {[][]pgproto3.FrontendMessage{begin, bad, done}, []string{"1 2 G", "", "E(22P02) Z(I)"}},
		"that fails, at once":  {[][]pgproto3.FrontendMessage{slices.Concat(begin, bad, done)}, []string{"1 2 G E(22P02) Z(I)"}},
		"that is broken off":   {[][]pgproto3.FrontendMessage{begin, data, fail}, []string{"1 2 G", "", "E(57014) Z(I)"}},
		"of no table":          {[][]pgproto3.FrontendMessage{absent}, []string{"1 2 E(42P01) Z(I)"}},
		"of no table, at once": {[][]pgproto3.FrontendMessage{slices.Concat(absent, data, done)}, []string{"1 2 E(42P01) Z(I) Z(I)"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, s.proxied)
			for range 3 {
				for k, messages := range x.sent {
					c.sends(messages...)
					if x.want[k] != "" {
						c.says(x.want[k])
					}
				}
				c.sends(call...)
				c.says(called)
			}
		})
		t.Run(name+", all at once", func(t *testing.T) {
			c := dialRaw(t, s.proxied)
			c.sends(append(slices.Concat(x.sent...), call...)...)
			c.says(strings.Join(slices.DeleteFunc(slices.Clone(x.want), func(w string) bool { return w == "" }), " ") + " " + called)
		})
	}
}

// TestCopyStopped: a client that sends nothing more once its COPY beside a call has failed gets the end of the answer.
func TestCopyStopped(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("CREATE TABLE d (a int)", "C(CREATE_TABLE) Z(I)")
	for range 3 {
		c.asks("COPY d FROM STDIN; SELECT madlib.version()", "G")
		c.sends(&pgproto3.CopyData{Data: []byte("bad\n")}, &pgproto3.CopyData{Data: []byte(strings.Repeat("1\n", 100_000))}) // more than is held back
		c.says("E(22P02) Z(I)")
		c.sends(&pgproto3.CopyData{Data: []byte("3\n")}, &pgproto3.CopyDone{}) // too late
		c.asks("COPY d FROM STDIN; COPY d FROM STDIN; SELECT madlib.version() LIMIT 0", "G")
		c.sends(&pgproto3.CopyData{Data: []byte("3\n")}, &pgproto3.CopyDone{}, &pgproto3.CopyData{Data: []byte("4\n")}, &pgproto3.CopyDone{})
		c.says("C(COPY_1) G C(COPY_1) T C(SELECT_0) Z(I)")
	}
}

// TestLeaving: a client that leaves while the server evaluates the arguments of a call is not waited for.
func TestLeaving(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.sends(&pgproto3.Query{String: "SELECT madlib.version('x' || pg_sleep(60))"})
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	eventually(t, d, fmt.Sprintf("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %d", c.pid), "true")
	_ = c.conn.Close()
	noSessions(t, s)
	run(t, d, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.pid))
}
