package pgio

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/beamfit/beamfit/io/iotest"
	"github.com/beamfit/beamfit/io/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testSchema makes a schema for one test and returns the URL of a store whose tables live there.
func testSchema(t testing.TB) (storeURL string, admin *pgx.Conn) {
	t.Helper()
	server := os.Getenv("BEAMFIT_TEST_PG")
	if server == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	schema := `Test "` + rand.Text() + `" schéma`
	if err := exec(ctx, admin, "CREATE SCHEMA "+quote(schema), "SET search_path = "+quote(schema)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := exec(ctx, admin, "RESET ROLE", "DROP SCHEMA "+quote(schema)+" CASCADE"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	// The value of options is split at blanks, which a backslash keeps.
	options := "-csearch_path=" + strings.ReplaceAll(quote(schema), " ", `\ `)
	mark := "?"
	if strings.Contains(server, "?") {
		mark = "&"
	}
	return server + mark + "options=" + strings.ReplaceAll(url.QueryEscape(options), "+", "%20"), admin
}

func TestConformance(t *testing.T) {
	iotest.Run(t, func(t *testing.T) iotest.Site {
		storeURL, admin := testSchema(t)
		return iotest.Site{
			URL:     storeURL,
			Staging: func(t *testing.T) []string { return stagedIn(t, admin) },
			Ended:   func(t *testing.T, mark string) { awaitSessions(t, admin, mark) },
			Without: uncut(admin, nil),
		}
	})
}

// uncut adds the cases that a server before version 14 does not pass, which reads a table as one partition.
func uncut(admin *pgx.Conn, without map[string]string) map[string]string {
	if serverVersion(admin) >= 14 {
		return without
	}
	all := map[string]string{}
	maps.Copy(all, without)
	for _, name := range []string{"cut", "snapshot/partitions cover the rows once and number them"} {
		all[name] = "the server reads the whole table for every range of rows"
	}
	return all
}

// awaitSessions waits until the server has noticed that the sessions of an application are gone: on a busy machine that takes it a while.
func awaitSessions(t *testing.T, admin *pgx.Conn, application string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a guard
	defer cancel()
	for there := true; there; time.Sleep(5 * time.Millisecond) {
		err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1)", application).Scan(&there)
		if err != nil {
			t.Fatalf("waiting for the end of the sessions of a killed process: %v", err)
		}
	}
}

// openStore opens a store until the test ends.
func openStore(t *testing.T, storeURL string) *store {
	t.Helper()
	s, err := Open(context.Background(), storeURL, table.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.(*store)
}

// stagedIn names the staging tables in the test's schema.
func stagedIn(t *testing.T, admin *pgx.Conn) (names []string) {
	t.Helper()
	left, err := leftovers(context.Background(), admin)
	if err != nil {
		t.Fatal(err)
	}
	var here string
	if err := admin.QueryRow(context.Background(), "SELECT current_schema()::text").Scan(&here); err != nil {
		t.Fatal(err)
	}
	for _, tables := range left {
		for _, n := range tables {
			if n.Schema == here {
				names = append(names, n.Table)
			}
		}
	}
	return names
}

func pgInt(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
