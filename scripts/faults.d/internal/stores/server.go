package stores

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/netfault"
)

// Password stands in the URLs of databases; no output may hold it. The server takes any.
const Password = "s3cret-of-the-campaign"

// A Server is a throw-away PostgreSQL. Commands reach it through the proxy, the campaign itself does not.
type Server struct {
	Proxy *netfault.Proxy

	dir      string        // of scripts/postgres
	url      *url.URL      // its own
	patience time.Duration // that it has to notice that sessions have ended
}

// StartServer makes a server in the folder dir by the script scripts/postgres, which is to stop it.
// patience is how long it has to notice that sessions have ended.
func StartServer(ctx context.Context, dir string, patience time.Duration) (*Server, error) {
	out, err := output(exec.CommandContext(ctx, "scripts/postgres", "start", dir))
	if err != nil {
		return nil, err
	}
	return connect(dir, strings.TrimSpace(out), patience)
}

// connect puts the proxy before the server at an address.
func connect(dir, address string, patience time.Duration) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, url: u, patience: patience}
	s.Proxy, err = netfault.Listen(u.Host)
	return s, err
}

// Halt stops the server in a mode of pg_ctl: fast or immediate.
func (s *Server) Halt(ctx context.Context, mode string) error {
	_, err := output(exec.CommandContext(ctx, "scripts/postgres", "halt", s.dir, mode))
	return err
}

// Resume starts the server again.
func (s *Server) Resume(ctx context.Context) error {
	_, err := output(exec.CommandContext(ctx, "scripts/postgres", "resume", s.dir))
	return err
}

// Tablespace makes a tablespace in a folder, which the server's user must own.
func (s *Server) Tablespace(ctx context.Context, name, dir string) error {
	_, err := s.psql(ctx, "postgres", fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", name, dir))
	return err
}

// Create makes an empty database.
func (s *Server) Create(ctx context.Context, name string) (Database, error) {
	_, err := s.psql(ctx, "postgres", "CREATE DATABASE "+name)
	return Database{s, name}, err
}

// Copy makes a database from a template; tablespace "" is the server's own.
func (s *Server) Copy(ctx context.Context, template, name, tablespace string) (Database, error) {
	sql := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)
	if tablespace != "" {
		sql += " TABLESPACE " + tablespace
	}
	_, err := s.psql(ctx, "postgres", sql)
	return Database{s, name}, err
}

// psql runs statements, each in a transaction of its own, and returns the rows of the last.
func (s *Server) psql(ctx context.Context, database string, statements ...string) (string, error) {
	args := []string{s.in(database, s.url.Host, url.User(s.url.User.Username())), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"}
	for _, sql := range statements {
		args = append(args, "-c", sql)
	}
	return output(exec.CommandContext(ctx, "psql", args...))
}

func (s *Server) in(database, host string, user *url.Userinfo) string {
	u := *s.url
	u.Path, u.Host, u.User = "/"+database, host, user
	u.RawQuery = "sslmode=disable" // so that the proxy can read what is said
	return u.String()
}

// output runs a command and returns its standard output; an error holds its standard error.
func output(cmd *exec.Cmd) (string, error) {
	var out, text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &text
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, text.String())
	}
	return out.String(), nil
}

// A Database is a copy of a template in PostgreSQL.
type Database struct {
	server *Server
	name   string
}

// Server is the database's.
func (d Database) Server() *Server { return d.server }

// URL is the address of the store, through the proxy and with the password.
func (d Database) URL() string {
	return d.server.in(d.name, d.server.Proxy.Addr(), url.UserPassword(d.server.url.User.Username(), Password))
}

// tablesSQL selects the tables that are none of the system's, but for what runs have said of themselves: schema and name.
const tablesSQL = `SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind NOT IN ('i', 'I', 't') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
		AND c.relname NOT LIKE 'beamfit\_runs%'`

// staging begins the names of tables that are not visible yet.
const staging = `beamfit\_staging\_`

// State reads all tables, but staging ones.
func (d Database) State(ctx context.Context) (State, error) {
	// to_jsonb writes every value in full: floats so that they come back, bytea as hexadecimal digits.
	out, err := d.server.psql(ctx, d.name, `
		CREATE FUNCTION pg_temp.digest(t oid) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE d text;
		BEGIN
			EXECUTE format('SELECT count(*) || '' rows, SHA-256 '' || encode(sha256(convert_to(coalesce(string_agg(row, e''\n'' ORDER BY row COLLATE "C"), ''''), ''UTF8'')), ''hex'')
				FROM (SELECT (to_jsonb(t) - %L::text[])::text AS row FROM %s t) q', '{`+strings.Join(unlike, ",")+`}', t::regclass) INTO d;
			RETURN d;
		END $$`,
		`SELECT relname, pg_temp.digest(oid) FROM (`+tablesSQL+` AND c.relname NOT LIKE '`+staging+`%' AND n.nspname = 'public') q`)
	if err != nil {
		return nil, err
	}
	state := State{}
	for line := range strings.Lines(out) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), "|")
		state[name] = sum
	}
	return state, nil
}

// sessionsSQL selects the sessions of the database but this one.
const sessionsSQL = `SELECT 'session ' || pid || ': ' || coalesce(state, '') || ' ' || left(query, 60) FROM pg_stat_activity
	WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`

// Settle waits until the sessions of commands that have ended are gone: until then the server may still act on what they sent.
func (d Database) Settle(ctx context.Context) error {
	_, err := d.emptied(ctx, sessionsSQL)
	return err
}

// emptied repeats a query until it gives no rows, for as long as the server has to notice that sessions have ended, and returns the rows of the last time.
func (d Database) emptied(ctx context.Context, sql string) (rows []string, err error) {
	for deadline := time.Now().Add(d.server.patience); ; time.Sleep(50 * time.Millisecond) {
		out, err := d.server.psql(ctx, d.name, sql)
		if err != nil || out == "" {
			return nil, err
		}
		if time.Now().After(deadline) {
			return strings.Split(strings.TrimSpace(out), "\n"), nil
		}
	}
}

// Leftovers are sessions, advisory locks, staging tables and whatever lies outside the schema public.
func (d Database) Leftovers(ctx context.Context) ([]string, error) {
	return d.emptied(ctx, sessionsSQL+`
		UNION ALL SELECT 'advisory lock of session ' || l.pid FROM pg_locks l JOIN pg_database b ON b.oid = l.database
			WHERE l.locktype = 'advisory' AND b.datname = current_database()
		UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()
		UNION ALL SELECT nspname || '.' || relname FROM (`+tablesSQL+`) q WHERE nspname <> 'public' OR relname LIKE '`+staging+`%'`)
}

// Size is the number of bytes that the database takes.
func (d Database) Size(ctx context.Context) (size int64, err error) {
	out, err := d.server.psql(ctx, d.name, "SELECT pg_database_size(current_database())")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(out, &size)
	return size, err
}

// Terminate ends sessions of the database with the function of PostgreSQL that is named: all, or one of them.
func (d Database) Terminate(ctx context.Context, function string, all bool) error {
	sql := fmt.Sprintf("SELECT %s(pid) FROM pg_stat_activity WHERE datname = '%s' AND backend_type = 'client backend'", function, d.name)
	if !all {
		sql += " ORDER BY backend_start DESC LIMIT 1"
	}
	_, err := d.server.psql(ctx, "postgres", sql)
	return err
}

// Remove drops the database, with the sessions that it may still have.
func (d Database) Remove(ctx context.Context) error {
	_, err := d.server.psql(ctx, "postgres", "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
	return err
}
