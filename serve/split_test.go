package serve

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/serve/sqltext"
)

// pieces are statements in which semicolons mean something else, and what may stand between statements.
var (
	pieces = []string{
		"SELECT 1", "SELECT 'a;b'", `SELECT 'a\'`, `SELECT E'a\';b'`, `SELECT e'\\'`, "SELECT 'it''s;'", `SELECT U&'\0041;'`, `SELECT 1 AS U&"a;"`, `SELECT 1 AS "a;""b"`,
		"SELECT $$;$$", "SELECT $x$;$$;$y$;$x$", "SELECT 1 AS a$$", "SELECT B'01', X'1f', N';'", "SELECT /* ; /* ; */ ; */ 2", "SELECT 2 -- ; '\n", "SELECT (SELECT 3)",
		"SELECT ARRAY[1,2][1]", "SELECT 1.5e-3, .5, 1e3", "SELECT 2+-- ;\n2", "SELECT 3*/* ; */4", "SELECT 'a'\n';b'", `SELECT E'a'` + "\n" + `'b\';c'`, `SELECT E'a' -- ' ;` + "\n -- '\n" + `'b\';c'`, `SELECT 'a'` + "\n" + `'\', ';'`, "SELECT 1 ++-+ 2, 3*-+ 4, 5 <=- 6", "SELECT '$$;', $$';$$", "VALUES (1), (2)",
		"CREATE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
		"CREATE OR REPLACE FUNCTION pg_temp.g() RETURNS int LANGUAGE sql AS $f$ SELECT 1; SELECT 2 $f$",
		"CREATE RULE r AS ON INSERT TO pg_temp.t DO ALSO (SELECT 1; SELECT 2)", "SET a.b = ';'",
	}
	between = []string{"", " ", "\n", "-- nothing;\n", "/* ; */", ";", " ; "}
)

// TestSplitsAsTheServer: statements begin and end where PostgreSQL's own parser has them.
func TestSplitsAsTheServer(t *testing.T) {
	s := start(t, nil)
	c, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "statements") {
			b.WriteString(rapid.SampledFrom(between).Draw(t, "between"))
			b.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
			b.WriteString(rapid.SampledFrom(between).Draw(t, "between"))
			b.WriteString(";")
		}
		text := b.String()
		statements := slices.Collect(sqltext.Split(text, true))
		prelude := "BEGIN; CREATE TEMP TABLE t (a int); "
		results, err := c.PgConn().Exec(context.Background(), prelude+text+" ROLLBACK").ReadAll()
		if err != nil {
			if _, rollback := c.PgConn().Exec(context.Background(), "ROLLBACK").ReadAll(); rollback != nil {
				t.Fatal(rollback)
			}
			// A statement may fail, as the second CREATE FUNCTION of a name; those before it have been run.
			if len(results) > len(statements)+2 {
				t.Fatalf("%q: %d statements, and the server has run %d and failed: %v", text, len(statements), len(results)-2, err)
			}
			return
		}
		if got := len(results) - 3; got != len(statements) {
			t.Fatalf("%q: %d statements, the server has run %d", text, len(statements), got)
		}
	})
}
