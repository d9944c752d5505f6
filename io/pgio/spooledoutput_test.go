package pgio

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/iotest"
	"github.com/beamfit/beamfit/io/table"
)

// A scratchStore gives all outputs a scratch folder.
type scratchStore struct {
	table.Store
	folder string
}

func (s scratchStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	opt.Scratch = s.folder
	return s.Store.Create(ctx, opt)
}

// Outputs that one process writes are what all outputs are.
func TestSpooledConformance(t *testing.T) {
	without := map[string]string{
		"fetch":                                "for workers of other processes",
		"owned":                                "as above",
		"ref":                                  "is that of the pool",
		"ordered/rows in the order of keys":    "written through two stores",
		"run":                                  "has no outputs",
		"killed":                               "nothing is in the database before Commit",
		"claim/goes with its process":          "claims are those of the pool",
		"output/all tables appear with Commit": "written through two stores",
		"remove/with the same commit":          "as above",
		"output/a key counts once":             "as above",
		"output/a key that several write at the same time counts once": "as above",
	}
	iotest.Run(t, func(t *testing.T) iotest.Site {
		storeURL, admin := testSchema(t)
		folder := t.TempDir()
		return iotest.Site{
			Without: uncut(admin, without),
			Open: func(t *testing.T) table.Store {
				s, err := Open(context.Background(), storeURL, table.OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				return scratchStore{s, folder}
			},
			Staging: func(t *testing.T) []string { return stagedIn(t, admin) },
			Ended:   func(t *testing.T, mark string) { awaitSessions(t, admin, mark) },
		}
	})
}

// Rows of such an output are written once, in the order of the keys of their parts, and nothing is in the database before; the file that
// holds them has no name.
func TestSpooledOutput(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	ctx, folder := context.Background(), t.TempDir()
	spec := table.TableSpec{Name: table.Name{Table: "t"}, Schema: table.Schema{{Name: "b", Type: table.BytesType}}, Ordered: true}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec}, Scratch: folder})
	if err != nil {
		t.Fatal(err)
	}
	const size = 6 << 20 // two are more than what is kept in memory
	for _, key := range []string{"c", "a", "b"} {
		w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: key})
		if err != nil {
			t.Fatal(err)
		}
		b := table.NewBatch(spec.Schema)
		if err := b.Append([]byte(strings.Repeat(key, size))); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(ctx, b), w.Close(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	if staged := stagedIn(t, admin); len(staged) > 0 {
		t.Errorf("staged %v", staged)
	}
	if owned, err := s.Owned(ctx, out.ID()); err != nil || !owned {
		t.Errorf("owned: %v, %v", owned, err)
	}
	if _, err := s.Fetch(ctx, table.Part{Output: out.ID(), Key: "a"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	var got string
	var columns int
	query := "SELECT string_agg(convert_from(substr(b, 1, 1), 'UTF8') || length(b), ' ') FROM (SELECT b FROM t ORDER BY ctid) x"
	if err := admin.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&got); err != nil || got != "a6291456 b6291456 c6291456" {
		t.Errorf("rows %s, %v", got, err)
	}
	query = "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"
	if err := admin.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&columns); err != nil || columns != 1 {
		t.Errorf("%d columns, %v", columns, err)
	}
	if owned, err := s.Owned(ctx, out.ID()); err != nil || owned {
		t.Errorf("owned after the commit: %v, %v", owned, err)
	}
	if _, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "d"}); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestFrozenRows: the rows of a new table are frozen, which a transaction shows that is older than they are: it sees them. A session's are not,
// for a savepoint may be taken back.
func TestFrozenRows(t *testing.T) {
	storeURL, admin := testSchema(t)
	pool, session := openStore(t, storeURL), lendSession(t, storeURL, OwnTransactions).handle()
	for name, c := range map[string]struct {
		store  table.Store
		frozen string
	}{"pool": {pool, "2"}, "session": {session, "0"}} {
		ctx := context.Background()
		out, err := c.store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed(name), Schema: idSchema}}, Scratch: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		w, err := c.store.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		setup(t, admin, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1") // its view of the rows begins here
		if err := errors.Join(w.Write(ctx, idBatch(t, 1, 2)), w.Close(ctx), out.Commit(ctx)); err != nil {
			t.Fatal(err)
		}
		older := asked(t, admin, "SELECT count(*)::text FROM "+name)
		setup(t, admin, "COMMIT")
		if all := asked(t, admin, "SELECT count(*)::text FROM "+name); all != "2" || older != c.frozen {
			t.Errorf("%s: an older transaction sees %s rows of %s, want %s", name, older, all, c.frozen)
		}
	}
}
