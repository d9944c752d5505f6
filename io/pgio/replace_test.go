package pgio

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// attachments are what a table t (id integer, name text) may have besides rows, and what the error calls them that refuses to
// replace it by a table of other columns.
var attachments = map[string]struct{ ddl, called string }{
	"row-level security":  {"ALTER TABLE t ENABLE ROW LEVEL SECURITY", "its row-level security"},
	"forced security":     {"ALTER TABLE t FORCE ROW LEVEL SECURITY", "its forced row-level security"},
	"policy":              {"CREATE POLICY mine ON t USING (id = 1)", "policy mine"},
	"index":               {"CREATE INDEX sought ON t (lower(name))", "index sought"},
	"primary key":         {"ALTER TABLE t ADD PRIMARY KEY (id)", "constraint t_pkey"},
	"unique":              {"ALTER TABLE t ADD UNIQUE (id)", "constraint t_id_key"},
	"check":               {"ALTER TABLE t ADD CHECK (id > 0)", "constraint t_id_check"},
	"exclusion":           {"ALTER TABLE t ADD EXCLUDE (id WITH =)", "constraint t_id_excl"},
	"foreign key":         {"CREATE TABLE o AS SELECT generate_series(1, 9)::int4 AS id; ALTER TABLE o ADD PRIMARY KEY (id); ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES o", "constraint t_id_fkey"},
	"key to itself":       {"ALTER TABLE t ADD PRIMARY KEY (id), ADD FOREIGN KEY (id) REFERENCES t", "constraint t_id_fkey"},
	"trigger":             {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER watch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "trigger watch"},
	"default":             {"ALTER TABLE t ALTER name SET DEFAULT 'none'", "default value for column name"},
	"comment":             {"COMMENT ON TABLE t IS 'mine'", "its comment"},
	"column comment":      {"COMMENT ON COLUMN t.id IS 'mine'", "the comment on column id"},
	"column grant":        {"GRANT SELECT (id) ON t TO pg_monitor", "the grants of column id"},
	"not null":            {"ALTER TABLE t ALTER id SET NOT NULL", "the NOT NULL of column id"},
	"identity":            {"ALTER TABLE t ALTER id SET NOT NULL, ALTER id ADD GENERATED ALWAYS AS IDENTITY", "the identity of column id"},
	"sequence":            {"CREATE SEQUENCE s OWNED BY t.id", "sequence s"},
	"view":                {"CREATE VIEW v AS SELECT * FROM t", "view v"},
	"materialized view":   {"CREATE MATERIALIZED VIEW v AS SELECT * FROM t", "materialized view v"},
	"function":            {"CREATE FUNCTION g(t) RETURNS int4 LANGUAGE sql AS 'SELECT 1'", "function g"},
	"column of the type":  {"CREATE TABLE o (ts t[])", "column ts of table o"},
	"policy of another":   {"CREATE TABLE o (id int4); CREATE POLICY p ON o USING (id IN (SELECT id FROM t))", "policy p on table o"},
	"inheritance":         {"CREATE TABLE o (id int4); ALTER TABLE t INHERIT o", "its membership in table o"},
	"partition":           {"CREATE TABLE o (id int4, name text) PARTITION BY RANGE (id); ALTER TABLE o ATTACH PARTITION t FOR VALUES FROM (0) TO (100)", "its membership in table o"},
	"partitions":          {"DROP TABLE t; CREATE TABLE t (id int4, name text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100)", "table t1"},
	"publication":         {"CREATE PUBLICATION \"of the test\" FOR TABLE t", "publication of table t"},
	"statistics":          {"CREATE STATISTICS st ON id, name FROM t", "statistics object st"},
	"storage parameters":  {"ALTER TABLE t SET (fillfactor = 50)", "its storage parameters"},
	"toast parameters":    {"ALTER TABLE t SET (toast.autovacuum_enabled = off)", "its storage parameters"},
	"unlogged":            {"ALTER TABLE t SET UNLOGGED", "its being unlogged"},
	"rule":                {"CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", "rule r"},
	"replica identity":    {"ALTER TABLE t REPLICA IDENTITY FULL", "its replica identity"},
	"storage":             {"ALTER TABLE t ALTER name SET STORAGE EXTERNAL", "the storage of column name"},
	"compression":         {"ALTER TABLE t ALTER name SET COMPRESSION pglz", "the compression of column name"},
	"statistics options":  {"ALTER TABLE t ALTER id SET STATISTICS 7", "the statistics options of column id"},
	"n_distinct":          {"ALTER TABLE t ALTER id SET (n_distinct = 7)", "the statistics options of column id"},
	"collation":           {`ALTER TABLE t ALTER name TYPE text COLLATE "C"`, "the collation of column name"},
	"type of a length":    {"DROP TABLE t; CREATE TABLE t (id int4, name char(20)); ALTER TABLE t ALTER name TYPE text; CREATE DOMAIN d AS text; ALTER TABLE t ALTER name TYPE d", "the type d of column name"},
	"table of a type":     {"DROP TABLE t; CREATE TYPE typ AS (id int4, name text); CREATE TABLE t OF typ", "its being a table of a type"},
	"tablespace":          {"ALTER TABLE t SET TABLESPACE %tablespace", "its tablespace"},
	"deferred constraint": {"ALTER TABLE t ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED", "constraint t_id_key"},
}

var namedSchema = table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "name", Type: table.TextType}}

// replace puts rows in the place of those of the table t.
func replace(s *store, ordered bool, schema table.Schema, rows ...[]any) error {
	ctx := context.Background()
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: schema, Replace: true, Ordered: ordered}}})
	if err != nil {
		return err
	}
	abort := func(err error) error { return errors.Join(err, out.Abort(ctx)) }
	b := table.NewBatch(schema)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			return abort(err)
		}
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		return abort(err)
	}
	if err := errors.Join(w.Write(ctx, b), w.Close(ctx)); err != nil {
		return abort(err)
	}
	if err := out.Commit(ctx); err != nil {
		return abort(err)
	}
	return nil
}

// catalogued is all that the catalog knows of the table t but where its rows are.
func catalogued(t *testing.T, admin *pgx.Conn) (text string) {
	t.Helper()
	err := admin.QueryRow(context.Background(), `
		SELECT string_agg(line, E'\n' ORDER BY line) FROM (
			SELECT (to_jsonb(c) - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[])::text AS line FROM pg_class c WHERE oid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_attribute a WHERE attrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_attrdef a WHERE adrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_index a WHERE indrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_constraint a WHERE conrelid = 't'::regclass OR confrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_trigger a WHERE tgrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_policy a WHERE polrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_rewrite a WHERE ev_class = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_description a WHERE objoid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_inherits a WHERE 't'::regclass IN (inhrelid, inhparent)
			UNION ALL SELECT to_jsonb(a)::text FROM pg_publication_rel a WHERE prrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_statistic_ext a WHERE stxrelid = 't'::regclass
			UNION ALL SELECT to_jsonb(a)::text FROM pg_depend a WHERE 't'::regclass IN (objid, refobjid) AND classid <> 'pg_toast'::regnamespace
		) lines`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReplaceKeepsAll replaces tables that have something: with the same columns it stays, with others the table is not replaced,
// and the error says why before any work starts.
func TestReplaceKeepsAll(t *testing.T) {
	for name, a := range attachments {
		t.Run(name, func(t *testing.T) {
			storeURL, admin := testSchema(t)
			ddl := strings.ReplaceAll(a.ddl, "%tablespace", tablespace(t, admin, strings.Contains(a.ddl, "%tablespace")))
			setup(t, admin, "CREATE TABLE t (id int4, name text)", ddl, "INSERT INTO t (id, name) OVERRIDING SYSTEM VALUE VALUES (5, 'old')", "GRANT SELECT ON t TO pg_monitor")
			if strings.Contains(ddl, "PUBLICATION") {
				t.Cleanup(func() { setup(t, admin, `DROP PUBLICATION "of the test"`) })
			}
			s := openStore(t, storeURL)
			before := catalogued(t, admin)
			err := replace(s, false, idSchema, []any{1})
			if !errors.Is(err, table.ErrExist) {
				t.Fatalf("other columns: got error %v, want ErrExist", err)
			}
			for _, word := range strings.Fields(a.called) { // the server puts the schema between them
				if !strings.Contains(err.Error(), word) {
					t.Errorf("other columns: got error %v, want one that names %s", err, a.called)
				}
			}
			for _, ordered := range []bool{false, true} {
				if ordered && name == "partitions" {
					wantError(t, "partitions in order", replace(s, true, namedSchema), table.ErrExist)
					continue
				}
				if err := replace(s, ordered, namedSchema, []any{1, "a"}, []any{2, nil}); err != nil {
					t.Errorf("ordered %v: %v", ordered, err)
				}
				if _, got := rows(t, s, "t", 1, "id"); len(got) != 2 || got[0][0] != int32(1) || got[1][0] != int32(2) {
					t.Errorf("ordered %v: rows %v", ordered, got)
				}
				if after := catalogued(t, admin); after != before {
					t.Errorf("ordered %v: the catalog has changed from\n%s\nto\n%s", ordered, before, after)
				}
			}
			if left := stagedIn(t, admin); len(left) != 0 {
				t.Errorf("still staged: %q", left)
			}
		})
	}
}

// TestRemove: a table goes with what belongs to it, and one that something else needs stays without rows, in the pool's outputs and in a
// session's. A view is nobody's to remove.
func TestRemove(t *testing.T) {
	for name, c := range map[string]struct {
		ddl   string
		stays bool
		rows  string // that are left, by name
	}{
		"an index, a trigger and a comment": {ddl: attachments["index"].ddl + ";" + attachments["trigger"].ddl + ";" + attachments["comment"].ddl},
		"a view":                            {ddl: attachments["view"].ddl, stays: true},
		"a table of its type":               {ddl: attachments["column of the type"].ddl, stays: true},
		"a child":                           {ddl: "CREATE TABLE o () INHERITS (t); INSERT INTO o VALUES (6, 'of the child')", stays: true, rows: "of the child"},
		"partitions":                        {ddl: attachments["partitions"].ddl},
		"partitions and a view":             {ddl: attachments["partitions"].ddl + ";" + attachments["view"].ddl, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			storeURL, admin := testSchema(t)
			for what, s := range map[string]table.Store{"pool": openStore(t, storeURL), "session": lendSession(t, storeURL, OwnTransactions).handle()} {
				setup(t, admin, "CREATE TABLE t (id int4, name text)", c.ddl, "INSERT INTO t (id, name) VALUES (5, 'old')")
				ctx := context.Background()
				out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("other"), Schema: idSchema}}, Removes: []table.Name{tableNamed("t")}})
				if err != nil {
					t.Fatal(err)
				}
				if err := out.Commit(ctx); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				var left *int
				if err := admin.QueryRow(ctx, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('t')").Scan(&left); err != nil || (*left > 0) != c.stays {
					t.Errorf("%s: %d tables are left, error %v", what, *left, err)
				}
				if c.stays {
					if rows := asked(t, admin, "SELECT coalesce(string_agg(name, ', '), '') FROM t"); rows != c.rows {
						t.Errorf("%s: rows %q are left, want %q", what, rows, c.rows)
					}
				}
				setup(t, admin, "DROP TABLE IF EXISTS t, o, other CASCADE", "DROP FUNCTION IF EXISTS f")
			}
		})
	}
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE VIEW t AS SELECT 1 AS id")
	_, err := openStore(t, storeURL).Create(context.Background(), table.CreateOptions{
		Tables: []table.TableSpec{{Name: tableNamed("other"), Schema: idSchema}}, Removes: []table.Name{tableNamed("t")},
	})
	wantError(t, "a view", err, table.ErrExist)
}

// tablespace makes a tablespace inside the server's own folder.
func tablespace(t *testing.T, admin *pgx.Conn, wanted bool) string {
	if !wanted {
		return ""
	}
	setup(t, admin, "SET allow_in_place_tablespaces = on")
	setup(t, admin, "DROP TABLESPACE IF EXISTS beamfit_test")
	setup(t, admin, "CREATE TABLESPACE beamfit_test LOCATION ''")
	t.Cleanup(func() { setup(t, admin, "DROP TABLE t"); setup(t, admin, "DROP TABLESPACE beamfit_test") })
	return "beamfit_test"
}

// TestReplaceRefuses names what does not let rows be replaced, and changes nothing.
func TestReplaceRefuses(t *testing.T) {
	for name, c := range map[string]struct{ ddl, called string }{
		"key of another":   {"ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE o (id int4 REFERENCES t ON DELETE CASCADE); INSERT INTO o VALUES (5)", "o_id_fkey"},
		"rule":             {"CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "rule r"},
		"child":            {"CREATE TABLE o () INHERITS (t)", "its child table"},
		"generated column": {"ALTER TABLE t DROP name; ALTER TABLE t ADD name text GENERATED ALWAYS AS ('x') STORED", "the generated column name"},
	} {
		t.Run(name, func(t *testing.T) {
			storeURL, admin := testSchema(t)
			setup(t, admin, "CREATE TABLE t (id int4, name text)", "INSERT INTO t VALUES (5, 'old')", c.ddl)
			s := openStore(t, storeURL)
			before := catalogued(t, admin)
			_, err := s.Create(context.Background(), table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: namedSchema, Replace: true}}})
			wantError(t, "create", err, table.ErrExist)
			if err != nil && !strings.Contains(err.Error(), c.called) {
				t.Errorf("got error %v, want one that names %s", err, c.called)
			}
			if _, got := rows(t, s, "t", 1, "id"); len(got) != 1 || catalogued(t, admin) != before {
				t.Errorf("rows %v", got)
			}
		})
	}
}

// TestReplaceThatFails lets constraints, policies and triggers refuse the new rows: the old ones stay.
func TestReplaceThatFails(t *testing.T) {
	for name, c := range map[string]struct{ ddl, called string }{
		"unique":          {"ALTER TABLE t ADD UNIQUE (id)", "t_id_key"},
		"deferred unique": {"ALTER TABLE t ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED", "t_id_key"},
		"check":           {"ALTER TABLE t ADD CHECK (id <> 1)", "t_id_check"},
		"trigger":         {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER watch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "kept 0 of 2 rows"},
	} {
		for _, ordered := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				storeURL, admin := testSchema(t)
				setup(t, admin, "CREATE TABLE t (id int4, name text)", "INSERT INTO t VALUES (5, 'old')", c.ddl)
				s := openStore(t, storeURL)
				before := catalogued(t, admin)
				err := replace(s, ordered, namedSchema, []any{1, "a"}, []any{1, "b"})
				if err == nil || !strings.Contains(err.Error(), c.called) {
					t.Errorf("got error %v, want one that names %s", err, c.called)
				}
				if _, got := rows(t, s, "t", 1, "id"); len(got) != 1 || got[0][0] != int32(5) || catalogued(t, admin) != before {
					t.Errorf("rows %v", got)
				}
				if left := stagedIn(t, admin); len(left) != 0 {
					t.Errorf("still staged: %q", left)
				}
			})
		}
	}
}

// TestReplaceHidesRows replaces a table of which a role sees some rows only.
func TestReplaceHidesRows(t *testing.T) {
	storeURL, admin := testSchema(t)
	role, roleURL := asRole(t, admin, storeURL)
	setup(t, admin, "CREATE TABLE t (id int4, name text)", "GRANT SELECT ON t TO "+quote(role), "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "CREATE POLICY low ON t USING (id < 2)")
	if err := replace(openStore(t, storeURL), false, namedSchema, []any{1, "seen"}, []any{2, "secret"}); err != nil {
		t.Fatal(err)
	}
	if _, got := rows(t, openStore(t, roleURL), "t", 1); len(got) != 1 || got[0][1] != "seen" {
		t.Errorf("the role sees %v", got)
	}
}

// TestReplaceInOrder puts rows of many sizes into a table that stays, where small ones would fit into gaps on earlier pages.
func TestReplaceInOrder(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE t (id int4 PRIMARY KEY, name text)", "ALTER TABLE t ALTER name SET STORAGE PLAIN")
	var in [][]any
	for i := range 3000 {
		in = append(in, []any{i, strings.Repeat("x", i*i*7919%6000)})
	}
	s := openStore(t, storeURL)
	if err := replace(s, true, namedSchema, in...); err != nil {
		t.Fatal(err)
	}
	_, got := rows(t, s, "t", 1, "id")
	if len(got) != len(in) || !slices.IsSortedFunc(got, func(a, b []any) int { return int(a[0].(int32) - b[0].(int32)) }) {
		t.Errorf("%d rows, want %d in their order", len(got), len(in))
	}
}
