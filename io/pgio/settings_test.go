package pgio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/io/table"
)

// wantSettings compares the settings of a session of the store with those that beamfit asks for.
func wantSettings(t *testing.T, s *store) {
	t.Helper()
	conn, err := s.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, want := range slices.Concat(textSettings, lastingSettings) {
		var got *string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1, true)", want.name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != nil && *got != want.value { // this server knows it
			t.Errorf("%s is %q, want %q", want.name, *got, want.value)
		}
	}
}

// TestSettingsOfTheRole: a role whose sessions the server ends when they wait, and prints values otherwise, works as any other.
func TestSettingsOfTheRole(t *testing.T) {
	storeURL, admin := testSchema(t)
	role := "hurried_" + strings.ToLower(rand.Text())
	var schema string
	if err := admin.QueryRow(t.Context(), "SELECT current_schema()").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "CREATE ROLE "+quote(role)+" LOGIN", "GRANT ALL ON SCHEMA "+quote(schema)+" TO "+quote(role))
	t.Cleanup(func() { _ = exec(context.Background(), admin, "DROP OWNED BY "+quote(role), "DROP ROLE "+quote(role)) })
	set := map[string]string{
		"datestyle": "German", "intervalstyle": "sql_standard", "bytea_output": "escape", "extra_float_digits": "-5",
		"idle_in_transaction_session_timeout": "200ms",
	}
	if serverVersion(admin) >= 14 {
		set[idleTimeout] = "200ms"
	}
	if serverVersion(admin) >= 17 {
		set[transactionTimeout] = "200ms"
	}
	for name, value := range set {
		setup(t, admin, "ALTER ROLE "+quote(role)+" SET "+name+" = "+literal(value))
	}
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	s := openStore(t, u.String())
	wantSettings(t, s)
	c, err := s.Claim(t.Context(), "a note", tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	time.Sleep(500 * time.Millisecond) // as while a fit trains
	if err := c.Held(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPooler: a store is opened through a pooler that takes no more parameters in a startup message than PgBouncer does.
func TestPooler(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE t AS SELECT 1.5::float8 AS x, '\\x00ff'::bytea AS b, now() AS at")
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = pooler(t, u.Host)
	s := openStore(t, u.String())
	wantSettings(t, s)
	snap, err := s.Snapshot(t.Context(), tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	if rows := snap.Info().Rows; rows != 1 {
		t.Errorf("%d rows", rows)
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
	// What the URL itself asks for is not to be tried again.
	if _, err := Open(t.Context(), u.String()+"&work_mem=1GB", table.OpenOptions{}); !errors.Is(err, table.ErrURL) || errors.Is(err, table.ErrUnavailable) {
		t.Errorf("a parameter that the pooler does not take: %v, want ErrURL", err)
	}
}

// pooler passes connections on to a server, and refuses those with startup parameters that PgBouncer refuses (1.18). It lets options through, as
// ignore_startup_parameters can have it.
func pooler(t *testing.T, server string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			passing.Go(func() {
				defer c.Close()
				if err := passOn(c, server); err != nil {
					t.Error(err)
				}
			})
		}
	})
	t.Cleanup(func() { // after the store is closed
		_ = l.Close()
		passing.Wait()
	})
	return l.Addr().String()
}

func passOn(c net.Conn, server string) error {
	client := pgproto3.NewBackend(c, c)
	start, err := client.ReceiveStartupMessage()
	if _, is := start.(*pgproto3.SSLRequest); is && err == nil {
		if _, err := c.Write([]byte("N")); err != nil {
			return err
		}
		start, err = client.ReceiveStartupMessage()
	}
	if err != nil {
		return nil // the client has gone
	}
	if m, is := start.(*pgproto3.StartupMessage); is {
		for name := range m.Parameters {
			if !slices.Contains([]string{"user", "database", "client_encoding", "datestyle", "timezone", "standard_conforming_strings", "application_name", "options"}, strings.ToLower(name)) {
				client.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: fmt.Sprintf("unsupported startup parameter: %s", name)})
				return client.Flush()
			}
		}
	}
	to, err := net.Dial("tcp", server)
	if err != nil {
		return err
	}
	defer to.Close()
	message, err := start.Encode(nil)
	if err != nil {
		return err
	}
	if _, err := to.Write(message); err != nil {
		return err
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(c, to)
		_ = c.Close()
	}()
	_, _ = io.Copy(to, c)
	_ = to.Close()
	<-back
	return nil
}
