package pgio

import (
	"context"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestUsersFunctions lets a view, a policy's like, a trigger, a deferred trigger and a domain call functions whose bodies name tables
// without a schema: they find them as in a session of the user's own.
func TestUsersFunctions(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE seen (id int4)", "INSERT INTO seen VALUES (1), (2)", "CREATE TABLE log (what text)",
		"CREATE FUNCTION is_seen(int4) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN EXISTS (SELECT FROM seen WHERE id = $1); END'",
		"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (tg_name); RETURN new; END'",
		"CREATE VIEW v AS SELECT id FROM seen WHERE is_seen(id)", "CREATE DOMAIN known AS int4 CHECK (is_seen(VALUE))",
		"CREATE TABLE t (id known)", "CREATE TRIGGER at_once BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
		"CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()",
		"CREATE TRIGGER deleted AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION note()")
	s := openStore(t, storeURL)
	ctx := context.Background()
	if _, got := rows(t, s, "v", 1); len(got) != 2 {
		t.Errorf("%d rows, want 2", len(got))
	}
	err := s.Mutate(ctx, tableNamed("t"), func(tx table.Tx) error {
		if err := tx.Insert(idBatch(t, 1, 2)); err != nil {
			return err
		}
		_, err := tx.Delete("id", 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: idSchema, Replace: true}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.Write(ctx, idBatch(t, 1)), w.Close(ctx), out.Commit(ctx)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var log string
	if err := admin.QueryRow(ctx, "SELECT string_agg(what || ' ' || n, ', ' ORDER BY what) FROM (SELECT what, count(*) n FROM log GROUP BY what) c").Scan(&log); err != nil {
		t.Fatal(err)
	}
	if want := "at_commit 3, at_once 3, deleted 1"; log != want {
		t.Errorf("the triggers that ran: %s, want %s", log, want)
	}
}

// TestTemporaryTables finds a temporary table of the session before one of the path, as SQL does, unless the path puts it behind.
func TestTemporaryTables(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE t (id int4)")
	var schema string
	ctx := context.Background()
	if err := admin.QueryRow(ctx, "SELECT current_schema()::text").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url  string
		want string
	}{{withPath(t, storeURL, schema), "temporary"}, {withPath(t, storeURL, schema, "pg_temp"), "id"}} {
		s := openStore(t, c.url+"&pool_max_conns=1")
		conn, err := s.acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		setup(t, conn.Conn(), "CREATE TEMPORARY TABLE t (temporary int4)", "CREATE TEMPORARY TABLE pg_class (temporary int4)", "CREATE TEMPORARY TABLE pg_attribute (temporary int4)")
		conn.Release()
		info, err := s.Lookup(ctx, tableNamed("t"))
		if err != nil || info.Schema[0].Name != c.want {
			t.Errorf("%+v, %v, want the column %s", info, err, c.want)
		}
		if info, err := s.Lookup(ctx, table.Name{Schema: schema, Table: "t"}); err != nil || info.Schema[0].Name != "id" {
			t.Errorf("with its schema: %+v, %v", info, err)
		}
	}
}
