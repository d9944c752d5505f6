package pgio

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/io/iotest"
	"github.com/beamfit/beamfit/io/table"
)

// testDatabase makes a database of the test's own and returns its URL.
func testDatabase(t *testing.T) (databaseURL string, admin *pgx.Conn) {
	t.Helper()
	server := os.Getenv("BEAMFIT_TEST_PG")
	if server == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	ctx := context.Background()
	maker, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower("beamfit_" + rand.Text())
	setup(t, maker, "CREATE DATABASE "+quote(name))
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	if admin, err = pgx.Connect(ctx, u.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(admin.Close(ctx), exec(ctx, maker, "DROP DATABASE "+quote(name)+" WITH (FORCE)"), maker.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return u.String(), admin
}

// plusAsBlank writes blanks as libpq reads them.
func plusAsBlank(u string) string { return strings.ReplaceAll(u, "+", "%20") }

// withPath is the URL of a store whose sessions have a search path.
func withPath(t *testing.T, storeURL string, schemas ...string) string {
	t.Helper()
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("options", "-csearch_path="+strings.ReplaceAll(quoteColumns(schemas), " ", `\ `))
	u.RawQuery = query.Encode()
	return plusAsBlank(u.String())
}

// plantTwins lets a role without rights plant in a schema a twin of every function, operator, type and relation of pg_catalog that
// can have one, and four functions that match beamfit's old calls better than pg_catalog's own. Whoever runs one is told so
// by an error, and the sequence ran has moved, if the transaction may write.
const plantTwins = `
CREATE ROLE %[2]s;
GRANT CREATE ON DATABASE %[3]s TO %[2]s;
SET ROLE %[2]s;
CREATE SCHEMA %[1]s;
GRANT USAGE ON SCHEMA %[1]s TO PUBLIC;
CREATE SEQUENCE %[1]s.ran;
GRANT ALL ON SEQUENCE %[1]s.ran TO PUBLIC;
CREATE FUNCTION %[1]s.twin_ran(name pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS $f$
	BEGIN PERFORM pg_catalog.nextval('%[1]s.ran'); RAISE EXCEPTION 'the twin of %% ran', name; END $f$;
DO $do$
DECLARE o record;
BEGIN
	FOR o IN
		SELECT pg_catalog.format('CREATE FUNCTION %[1]s.%%I(%%s) RETURNS %%s LANGUAGE plpgsql AS %%L', proname,
			pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid),
			pg_catalog.format('BEGIN PERFORM %[1]s.twin_ran(%%L); END', proname)) AS sql
		FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'w')
		UNION ALL
		SELECT pg_catalog.format('CREATE AGGREGATE %[1]s.%%I(%%s) (SFUNC = %[1]s.twin_step, STYPE = text)', proname,
			CASE WHEN pronargs = 0 THEN '*' ELSE pg_get_function_identity_arguments(p.oid) END)
		FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'a' AND pronargs = 0
		UNION ALL
		SELECT pg_catalog.format('CREATE OPERATOR %[1]s.%%s (FUNCTION = %[1]s.%%I, %%s RIGHTARG = %%s)', oprname, p.proname,
			CASE WHEN oprleft = 0 THEN '' ELSE pg_catalog.format('LEFTARG = %%s,', oprleft::regtype) END, oprright::regtype)
		FROM pg_operator op JOIN pg_proc p ON p.oid = op.oprcode
		UNION ALL
		SELECT pg_catalog.format('CREATE DOMAIN %[1]s.%%I AS pg_catalog.%%I CHECK (%[1]s.twin_ran(%%L))', typname, typname, typname)
		FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typelem = 0
		UNION ALL
		SELECT pg_catalog.format('CREATE VIEW %[1]s.%%I AS SELECT %%s FROM pg_catalog.%%I WHERE %[1]s.twin_ran(%%L)', relname,
			(SELECT pg_catalog.string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
			 WHERE attrelid = c.oid AND attnum > 0 AND atttypid <> 'anyarray'::regtype), relname, relname)
		FROM pg_class c WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
	LOOP
		BEGIN
			EXECUTE o.sql;
		EXCEPTION WHEN OTHERS THEN NULL; -- pseudo-types, and the like
		END;
	END LOOP;
END $do$;
CREATE FUNCTION %[1]s.obj_description(oid, text) RETURNS text LANGUAGE sql AS $$ SELECT %[1]s.twin_ran('obj_description')::text $$;
CREATE FUNCTION %[1]s.pg_relation_size(oid) RETURNS int8 LANGUAGE sql AS $$ SELECT %[1]s.twin_ran('pg_relation_size')::int4 $$;
CREATE FUNCTION %[1]s.pg_table_size(oid) RETURNS int8 LANGUAGE sql AS $$ SELECT %[1]s.twin_ran('pg_table_size')::int4 $$;
CREATE FUNCTION %[1]s.format_type(oid, int8) RETURNS text LANGUAGE sql AS $$ SELECT %[1]s.twin_ran('format_type')::text $$;
RESET ROLE;
`

// plant runs plantTwins and returns the schema.
func plant(t *testing.T, admin *pgx.Conn) (schema string) {
	t.Helper()
	schema = strings.ToLower("planted_" + rand.Text())
	role := schema + "_role"
	var database string
	if err := admin.QueryRow(context.Background(), "SELECT current_database()").Scan(&database); err != nil {
		t.Fatal(err)
	}
	script := strings.NewReplacer("%[1]s", schema, "%[2]s", role, "%[3]s", database, "%%", "%").Replace(plantTwins)
	script = strings.Replace(script, "DO $do$", "CREATE FUNCTION "+schema+".twin_step(text) RETURNS text LANGUAGE sql AS $$ SELECT "+
		schema+".twin_ran('an aggregate')::text $$;\nDO $do$", 1)
	setup(t, admin, script)
	t.Cleanup(func() { setup(t, admin, "DROP OWNED BY "+role+" CASCADE", "DROP ROLE "+role) })
	return schema
}

// TestPlantedTwins runs the conformance suite, and what else sends SQL, as a superuser along whose search path somebody has
// planted twins of all that pg_catalog has, and in front of it. None may run. Every statement goes through a proxy, so that the
// test knows that what beamfit calls has a twin.
func TestPlantedTwins(t *testing.T) {
	if os.Getenv("BEAMFIT_IOTEST_URL") != "" { // a process that the suite starts to kill it
		iotest.Run(t, nil)
		return
	}
	databaseURL, admin := testDatabase(t)
	planted := plant(t, admin)
	p, proxyURL := startProxy(t, databaseURL)
	ctx := context.Background()

	// The twins work: an unqualified word of each kind runs one.
	probe, err := pgx.Connect(ctx, withPath(t, databaseURL, planted, "pg_catalog"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT pg_table_size(1::pg_catalog.oid)", "SELECT 1 OPERATOR(pg_catalog.+) 1 = 2", "SELECT 'x'::text", "SELECT count(*) FROM pg_catalog.pg_am",
		"SELECT oid FROM pg_class", "SELECT pg_catalog.text 'a' LIKE pg_catalog.text 'b'", "SELECT format_type(23::pg_catalog.oid, -1)",
	} {
		if err := exec(ctx, probe, sql); err == nil || !strings.Contains(err.Error(), "the twin of") && !strings.Contains(err.Error(), "twin_step") {
			t.Errorf("%s: got error %v, want that a twin ran", sql, err)
		}
	}
	if err := probe.Close(ctx); err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "ALTER SEQUENCE "+planted+".ran RESTART")

	schemaOfTest := func(t *testing.T) string {
		schema := strings.ToLower("s_" + rand.Text())
		setup(t, admin, "CREATE SCHEMA "+schema, "SET search_path = "+schema)
		t.Cleanup(func() { setup(t, admin, "DROP SCHEMA "+schema+" CASCADE") })
		return schema
	}
	iotest.Run(t, func(t *testing.T) iotest.Site {
		return iotest.Site{
			URL:     withPath(t, proxyURL, schemaOfTest(t), planted, "pg_catalog"),
			Staging: func(t *testing.T) []string { return stagedIn(t, admin) },
			Ended:   func(t *testing.T, mark string) { awaitSessions(t, admin, mark) },
		}
	})
	t.Run("PostgreSQL alone", func(t *testing.T) {
		schema := schemaOfTest(t)
		exerciseStore(t, openStore(t, withPath(t, proxyURL, schema, planted, "pg_catalog")), admin, schema)
	})
	t.Run("behind pg_catalog", func(t *testing.T) {
		schema := schemaOfTest(t)
		exerciseStore(t, openStore(t, withPath(t, proxyURL, schema, planted)), admin, schema)
	})

	var moved bool
	if err := admin.QueryRow(ctx, "SELECT is_called FROM "+planted+".ran").Scan(&moved); err != nil || moved {
		t.Errorf("a twin ran and its error was passed over (%v)", err)
	}
	checkTwins(t, admin, planted, statements(t, p))
}

// exerciseStore sends what the conformance suite does not: statements about large tables, types and rights of users, and about
// what others have left.
func exerciseStore(t *testing.T, s *store, admin *pgx.Conn, schema string) {
	ctx := context.Background()
	setup(t, admin, "SET search_path = "+schema, "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE DOMAIN positive AS int4 CHECK (VALUE > 0)",
		"CREATE TABLE large AS SELECT i::int4 AS id, 'ok'::mood AS m, 1.5::numeric AS n, repeat('x', 1000) AS pad FROM generate_series(1, 4000) i",
		"CREATE VIEW seen AS SELECT id, m, ARRAY[n] AS ns FROM large WHERE id < 10",
		"CREATE TABLE checked (id int4 PRIMARY KEY CHECK (id > 0))", "CREATE TABLE beamfit_staging_0123456789abcdef_parts (id int4)")
	for name, n := range map[string]int{"large": 4000, "seen": 9} {
		for _, parts := range []int{1, 7} {
			if _, got := rows(t, s, name, parts); len(got) != n {
				t.Errorf("%s: %d rows, want %d", name, len(got), n)
			}
		}
	}
	if _, err := s.List(ctx); err != nil {
		t.Error(err)
	}
	spec := table.Schema{{Name: "m", Type: table.ParseType("mood")}, {Name: "p", Type: table.Type{Kind: table.Int32, SQL: "positive"}}, {Name: "n", Type: table.NumericType}}
	for range 2 { // the second time it is replaced
		out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{
			{Name: tableNamed("typed"), Schema: spec, Replace: true}, {Name: tableNamed("checked"), Schema: idSchema, Replace: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		b := table.NewBatch(spec)
		if err := b.Append("ok", 7, "1.50"); err != nil {
			t.Fatal(err)
		}
		for i, b := range []*table.Batch{b, idBatch(t, 1, 2)} {
			w, err := s.Append(ctx, table.Part{Output: out.ID(), Table: i, Key: "k"})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Write(ctx, b), w.Close(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		setup(t, admin, "GRANT SELECT ON typed TO PUBLIC")
	}
	lost, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("lost"), Schema: idSchema}}})
	if err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "SELECT pg_terminate_backend("+pgInt(lost.(*output).owner.Conn().PgConn().PID())+", 5000)")
	if err := lost.Commit(ctx); err == nil {
		t.Error("committed by a dead session")
	}
	if err := lost.Abort(ctx); err != nil {
		t.Error(err)
	}
	if left := stagedIn(t, admin); len(left) != 0 {
		t.Errorf("still staged: %q", left)
	}
}

// statements are the texts of all SQL that went through a proxy.
func statements(t *testing.T, p *proxy) (texts []string) {
	t.Helper()
	for _, data := range p.records() {
		server := pgproto3.NewBackend(bytes.NewReader(data), nil)
		if startup, err := server.ReceiveStartupMessage(); err != nil {
			continue // killed before it could say anything
		} else if _, is := startup.(*pgproto3.StartupMessage); !is {
			continue // a request to cancel
		}
		for {
			message, err := server.Receive()
			if err != nil {
				break
			}
			switch m := message.(type) {
			case *pgproto3.Query:
				texts = append(texts, m.String)
			case *pgproto3.Parse:
				texts = append(texts, m.Query)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// unqualified are calls, operators, types and relations without the @ that stands for pg_catalog here.
var unqualified = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|[^@.\w])(?:count|format|row_number|[a-z]+_[a-z_]+)\(`), regexp.MustCompile(`[^@\s]\s(?:=|<>|<|>|<=|>=|~~|\+|-|\|\|)\s`),
	regexp.MustCompile(`::[a-z_0-9]`), regexp.MustCompile(`(?:FROM|JOIN) [a-z_]+[^.a-z_]`),
}

var quoted = regexp.MustCompile(`E?'(?:[^']|'')*'|"(?:[^"]|"")*"`)

// checkTwins wants that every function and relation that beamfit names has a twin, and that what runs under the user's search path
// names them in pg_catalog.
func checkTwins(t *testing.T, admin *pgx.Conn, planted string, texts []string) {
	t.Helper()
	names := func(sql string) (out []string) {
		r, err := admin.Query(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		if out, err = pgx.CollectRows(r, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
		return out
	}
	word := regexp.MustCompile(`[a-z_0-9]+`)
	const objects = `SELECT proname::text FROM pg_proc WHERE pronamespace = '%'::regnamespace
		UNION SELECT relname::text FROM pg_class WHERE relnamespace = '%'::regnamespace`
	known := names(strings.ReplaceAll(objects, "%", "pg_catalog"))
	twins := names(strings.ReplaceAll(objects, "%", planted))
	used := map[string]bool{}
	for _, text := range texts {
		bare := quoted.ReplaceAllString(text, "''")
		for _, w := range word.FindAllString(bare, -1) {
			used[w] = true
		}
		if !strings.HasPrefix(bare, "SELECT pg_catalog.set_config('', '', true)") {
			continue
		}
		_, statement, _ := strings.Cut(strings.ReplaceAll(bare, "pg_catalog.", "@"), ";\n")
		for _, wrong := range unqualified {
			if found := wrong.FindString(statement); found != "" {
				t.Errorf("not qualified under the user's search path: %q in\n%s", found, text)
			}
		}
	}
	if len(texts) < 50 {
		t.Errorf("only %d statements were seen", len(texts))
	}
	for name := range used {
		if slices.Contains(known, name) && !slices.Contains(twins, name) {
			t.Errorf("%s is used and has no twin: plant one", name)
		}
	}
}
