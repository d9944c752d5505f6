package pgio

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

func tableNamed(name string) table.Name { return table.Name{Table: name} }

func idBatch(t *testing.T, ids ...int32) *table.Batch {
	t.Helper()
	b := table.NewBatch(idSchema)
	for _, id := range ids {
		if err := b.Append(id); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// asRole makes a role that may use the test's schema and returns the store's URL for it.
func asRole(t *testing.T, admin *pgx.Conn, storeURL string) (role, roleURL string) {
	t.Helper()
	ctx := context.Background()
	var schema string
	if err := admin.QueryRow(ctx, "SELECT current_schema()::text").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	role = "role " + schema
	setup(t, admin, "CREATE ROLE "+quote(role)+" LOGIN", "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+quote(role))
	t.Cleanup(func() { setup(t, admin, "DROP OWNED BY "+quote(role), "DROP ROLE "+quote(role)) })
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return role, u.String()
}

func TestPermissions(t *testing.T) {
	storeURL, admin := testSchema(t)
	role, roleURL := asRole(t, admin, storeURL)
	setup(t, admin, "CREATE TABLE secret (id int4)", "CREATE TABLE readable (id int4)", "GRANT SELECT ON readable TO "+quote(role))
	s := openStore(t, roleURL)
	ctx := context.Background()
	if _, err := s.Lookup(ctx, tableNamed("secret")); err != nil {
		t.Errorf("lookup: %v", err)
	}
	_, err := s.Snapshot(ctx, tableNamed("secret"))
	wantError(t, "snapshot", err, table.ErrPermission)
	_, err = s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("new"), Schema: idSchema}}})
	wantError(t, "create", err, table.ErrPermission)
	_, err = s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("readable"), Schema: idSchema, Replace: true}}})
	wantError(t, "replace", err, table.ErrPermission)
	err = s.Mutate(ctx, tableNamed("readable"), func(tx table.Tx) error { return tx.Insert(idBatch(t, 1)) })
	wantError(t, "mutate", err, table.ErrPermission)
	err = s.Mutate(ctx, tableNamed("new"), func(tx table.Tx) error { return tx.Create(idSchema) })
	wantError(t, "mutate to create", err, table.ErrPermission)
	if _, got := rows(t, s, "readable", 1); len(got) != 0 {
		t.Errorf("%d rows", len(got))
	}
}

func wantError(t *testing.T, what string, err, target error) {
	t.Helper()
	var te *table.TableError
	if !errors.Is(err, target) || !errors.As(err, &te) {
		t.Errorf("%s: got error %v, want a *table.TableError that is %q", what, err, target)
	}
}

// TestReplaceKeepsAccess replaces a table that belongs to a group and that others may read.
func TestReplaceKeepsAccess(t *testing.T) {
	storeURL, admin := testSchema(t)
	group, _ := asRole(t, admin, storeURL)
	setup(t, admin, "CREATE TABLE t (id int4)", "ALTER TABLE t OWNER TO "+quote(group), "GRANT SELECT ON t TO PUBLIC",
		"GRANT INSERT ON t TO pg_monitor WITH GRANT OPTION")
	acl := func() (owner, grants string) {
		err := admin.QueryRow(context.Background(), `
			SELECT pg_get_userbyid(relowner), (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(relacl) g)
			FROM pg_class WHERE oid = 't'::regclass`).Scan(&owner, &grants)
		if err != nil {
			t.Fatal(err)
		}
		return owner, grants
	}
	owner, grants := acl()
	s := openStore(t, storeURL)
	for _, ordered := range []bool{false, true} {
		out, err := s.Create(context.Background(), table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: idSchema, Replace: true, Ordered: ordered}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		if o, g := acl(); o != owner || g != grants {
			t.Errorf("owner %s, grants %s; before: %s, %s", o, g, owner, grants)
		}
	}
}

// TestDiskFull lets the server report a full disk in the middle of a COPY.
func TestDiskFull(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, `CREATE FUNCTION full_disk(i int4) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
		IF i = 5000 THEN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END IF;
		RETURN true; END $$`, "CREATE DOMAIN filling AS int4 CHECK (full_disk(VALUE))")
	s := openStore(t, storeURL)
	ctx := context.Background()
	schema := table.Schema{{Name: "id", Type: table.Type{Kind: table.Int32, SQL: "filling"}}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil && i < 1_000_000; i += 1000 {
		b := table.NewBatch(schema)
		for j := range 1000 {
			if err := b.Append(i + j); err != nil {
				t.Fatal(err)
			}
		}
		err = w.Write(ctx, b)
	}
	wantError(t, "write", err, table.ErrFull)
	wantError(t, "close", w.Close(ctx), table.ErrFull)
	if err := out.Abort(ctx); err != nil {
		t.Error(err)
	}
	if left := stagedIn(t, admin); len(left) != 0 {
		t.Errorf("still staged: %q", left)
	}
}

// TestSweep leaves what belongs to a living session or what is being written to, and drops the rest.
func TestSweep(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	s, other := openStore(t, storeURL), openStore(t, storeURL)
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: idSchema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := other.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	mustSweep := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if err := other.sweep(ctx); err != nil {
				t.Fatal(err)
			}
			left := stagedIn(t, admin)
			if len(left) == want {
				return
			}
			if len(left) < want || time.Now().After(deadline) { // what another one sweeps at the moment is left to it
				t.Errorf("staged: %q, want %d tables", left, want)
				return
			}
		}
	}
	mustSweep(2)
	// The owner dies, a worker still writes.
	owner := out.(*output).owner.Conn().PgConn().PID()
	setup(t, admin, "SELECT pg_terminate_backend("+pgInt(owner)+", 5000)")
	mustSweep(2)
	if err := w.Write(ctx, idBatch(t, 1)); err != nil {
		t.Error(err)
	}
	if err := w.Close(ctx); err != nil {
		t.Error(err)
	}
	mustSweep(0)
	if _, err := other.Append(ctx, table.Part{Output: out.ID(), Key: "k"}); !errors.Is(err, table.ErrNotExist) || !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("append to a swept output: %v, want ErrNotExist and ErrUnavailable", err)
	}
	if _, err := other.Fetch(ctx, table.Part{Output: out.ID(), Key: "k"}); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("fetch of a swept output: %v, want ErrUnavailable", err)
	}
	if err := out.Commit(ctx); err == nil {
		t.Error("a swept output was committed")
	}
	// Tables that only look like ours are left alone.
	setup(t, admin, "CREATE TABLE beamfit_staging_mine (id int4)", "CREATE TABLE beamfit_staging_0123456789abcdef_x (id int4)")
	if err := other.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if _, got := rows(t, other, "beamfit_staging_mine", 1); len(got) != 0 {
		t.Error("rows")
	}
}
