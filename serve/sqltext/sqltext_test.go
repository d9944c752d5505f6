package sqltext

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// split are the statements of a text, with standard_conforming_strings on.
func split(text string) []Statement { return slices.Collect(Split(text, true)) }

func statements(text string, standard bool) (out []string) {
	for s := range Split(text, standard) {
		out = append(out, strings.TrimSpace(text[s.Start:s.End]))
	}
	return out
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"":                              nil,
		" ; -- nothing ;\n /* ; */ ;":   nil,
		"a; b ;c":                       {"a", "b", "c"},
		"'a;''b'; \"c;\"\"d\"":          {"'a;''b'", "\"c;\"\"d\""},
		`'a\'; b`:                       {`'a\'`, "b"},
		`E'a\';'; b`:                    {`E'a\';'`, "b"},
		`e'\\';b`:                       {`e'\\'`, "b"},
		`n'a\';b`:                       {`n'a\'`, "b"},
		`U&'\';b`:                       {`U&'\'`, "b"},
		`U&"a;";b`:                      {`U&"a;"`, "b"},
		`x'1;';b`:                       {`x'1;'`, "b"},
		"$$;$$;b":                       {"$$;$$", "b"},
		"$a$;$$;$b$;$a$;b":              {"$a$;$$;$b$;$a$", "b"},
		"a$$;b$$;c":                     {"a$$", "b$$", "c"},
		"$1;$2":                         {"$1", "$2"},
		"$1$;b":                         {"$1$", "b"},
		"/* a /* ; */ ; */ b; c":        {"/* a /* ; */ ; */ b", "c"},
		"a --'\n;b":                     {"a --'", "b"},
		"a --'\r;b":                     {"a --'", "b"},
		"(a;b);c":                       {"(a;b)", "c"},
		"[a;b];c":                       {"[a;b]", "c"},
		"a);b":                          {"a)", "b"},
		"'a;b":                          {"'a;b"},
		"E'a'\n'b\\';c';d":              {"E'a'\n'b\\';c'", "d"},
		"E'a' --'\n --;\r\n 'b\\';c';d": {"E'a' --'\n --;\r\n 'b\\';c'", "d"},
		"E'a' 'b\\';c":                  {"E'a' 'b\\'", "c"},
		"E'a'\n/**/'b\\';c":             {"E'a'\n/**/'b\\'", "c"},
		"'a'\n'b\\';c":                  {"'a'\n'b\\'", "c"},
		"E'a\\'\n';b":                   {"E'a\\'\n'", "b"},
		"$x$ a;b":                       {"$x$ a;b"},
		"/* a;b":                        nil,
		"1.5e-3;2":                      {"1.5e-3", "2"},
		"a+--;\nb;c":                    {"a+--;\nb", "c"},
		"a*/*;*/b;c":                    {"a*/*;*/b", "c"},
		"create function f() begin atomic select 1; select case when true then 2 end; end; b": {"create function f() begin atomic select 1; select case when true then 2 end; end", "b"},
		"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; b":                       {"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END", "b"},
		"begin; a; end; b": {"begin", "a", "end", "b"},
	} {
		if got := statements(text, true); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
	if got := statements(`'a\';b'; c`, false); !slices.Equal(got, []string{`'a\';b'`, "c"}) {
		t.Errorf("with standard_conforming_strings off: %q", got)
	}
}

func TestControl(t *testing.T) {
	for text, want := range map[string]Control{
		"BEGIN": HandsOver, "start transaction read only": HandsOver, "/* c */ Begin work": HandsOver,
		"commit": Commits, "END work": Commits, "COMMIT TRANSACTION AND NO CHAIN": Commits, "PREPARE transaction 'x'": Prepares,
		"rollback": TakesBack, "ABORT": TakesBack, "ROLLBACK TO a": TakesBack, "rollback and chain": TakesBack, "commit and chain": TakesBack, "END WORK AND CHAIN": TakesBack,
		"SAVEPOINT a": TakesBack, "RELEASE a": TakesBack,
		"COMMIT PREPARED 'x'": Keeps, "ROLLBACK PREPARED 'x'": Keeps, "commit nonsense": Keeps, "COMMIT AND": Keeps, "END AND NO": Keeps, "PREPARE TRANSACTION": Keeps,
		"prepare p as select 1": Keeps, "select 1": Keeps, `"begin"`: Keeps,
	} {
		if got := split(text)[0].Control(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// TestOperators: a run of operator characters ends as in PostgreSQL.
func TestOperators(t *testing.T) {
	for text, want := range map[string]string{
		"+": "+", "++": "+ +", "*+-": "* + -", "=>-": "=> -", "@-": "@-", "+@-": "+@-", "-+*+-+": "-+* + - +", "<=-+@": "<=-+@", "*--+": "*", "+-/*+*/-+@": "+ - -+@", "%+": "%+",
		"+ ++@+ +": "+ ++@+ +",
	} {
		var got []string
		for _, token := range split(text)[0].Tokens {
			got = append(got, text[token.Start:token.End])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// TestLong: what is long takes time and memory by its length.
func TestLong(t *testing.T) {
	const n = 1 << 20
	for name, text := range map[string]string{
		"signs":       "SELECT madlib " + strings.Repeat("+", n),
		"signs ended": "SELECT madlib " + strings.Repeat("+", n) + "@",
		"strings":     "SELECT 'a'" + strings.Repeat("\n--'\n", n),
		"rows":        "INSERT INTO t VALUES (1)" + strings.Repeat(",(1)", n),
		"arguments":   "SELECT madlib.f(1" + strings.Repeat(",1", n) + ")",
	} {
		begun := time.Now()
		got := split(text)
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if len(got) != 1 || len(got[0].Tokens) > maxTokens || got[0].Cut != (name != "strings" && name != "signs ended") {
			t.Errorf("%s: %d statements, the first of %d tokens, cut %v", name, len(got), len(got[0].Tokens), got[0].Cut)
		}
		if FindCall(text, got[0]) != nil {
			t.Errorf("%s: a call was found", name)
		}
	}
	if got := FindExecute("EXECUTE p(1"+strings.Repeat(",1", n)+")", split("EXECUTE p(1" + strings.Repeat(",1", n) + ")")[0]); got != "p" {
		t.Errorf("a long EXECUTE is one of %q", got)
	}
}

// describe writes a call as text.
func describe(text string, c *Call) string {
	if c == nil {
		return "none"
	}
	var items []string
	for _, item := range c.Items {
		items = append(items, describeItem(text, item))
	}
	return strings.Join(items, ", ")
}

func describeItem(text string, c Item) string {
	var args []string
	for _, a := range c.Arguments {
		s := text[a.Start:a.End]
		if a.Name != "" {
			s = a.Name + "=" + s
		}
		if a.Parameter {
			s += "!"
		}
		if a.Unknown {
			s += "?"
		}
		args = append(args, s)
	}
	name := c.Function
	if c.Schema != "" {
		name = c.Schema + "." + name
	}
	return name + "(" + strings.Join(args, "|") + ") " + c.Column
}

func TestFindCall(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT madlib.f('a', 2)":                                           "madlib.f('a'?|2) f",
		"select MADLIB . F ( )":                                             "madlib.f() f",
		`SELECT "madlib"."f"(NULL, $1, ($2), ('x'), ((null)))`:              "madlib.f(NULL?|$1!?|($2)!?|('x')?|((null))?) f",
		`SELECT "Mad""lib".f(1)`:                                            `Mad"lib.f(1) f`,
		"SELECT f(a => 1, b := $$x$$)":                                      "f(a=1|b=$$x$$?) f",
		"SELECT madlib.f(g(1, 2), ARRAY[1,2], (SELECT a FROM t), 'x'::int)": "madlib.f(g(1, 2)|ARRAY[1,2]|(SELECT a FROM t)|'x'::int) f",
		"SELECT madlib.f(1) AS x":                                           "madlib.f(1) x",
		"SELECT madlib.f(a =>-1, b=>+-2, c:=-3, d @- 4, e*-5)":              "madlib.f(a=-1|b=+-2|c=-3|d @- 4|e*-5) f",
		"SELECT madlib.f(a ISNULL) AS isnull":                               "madlib.f(a ISNULL) isnull",
		`SELECT madlib.f(1) "X y"`:                                          "madlib.f(1) X y",
		"SELECT madlib.f(a) FROM t WHERE (a > 1) LIMIT 3":                   "madlib.f(a) f",
		"SELECT madlib.f(a) n FROM t ORDER BY a":                            "madlib.f(a) n",
		"SELECT * FROM madlib.f(1)":                                         "madlib.f(1) f",
		"SELECT * FROM madlib.f($1,$2) AS result":                           "madlib.f($1!?|$2!?) result",
		"SELECT madlib.f('a'\n'b')":                                         "madlib.f('a'\n'b'?) f",
		"SELECT madlib.f(E'a'\n'b\\',', 2)":                                 "madlib.f(E'a'\n'b\\','?|2) f",
		"SELECT madlib.f(B'01', E'x', U&'y')":                               "madlib.f(B'01'|E'x'?|U&'y'?) f",
		"SELECT /* c */ madlib.f( -- (\n 1 /* ) */ )":                       "madlib.f(1) f",
		"SELECT madlib.f(1), madlib.g('a') AS b, h() FROM t":                "madlib.f(1) f, madlib.g('a'?) b, h() h",
		"SELECT madlib.f(1) a, madlib.g(2) c":                               "madlib.f(1) a, madlib.g(2) c",
		// None of these is only a call.
		"SELECT madlib.f(1), 2":                    "none",
		"SELECT madlib.f(1),":                      "none",
		"SELECT madlib.f(1), madlib.g(1) + 1":      "none",
		"SELECT madlib.f(1), DISTINCT madlib.g(1)": "none",
		"SELECT 1, madlib.f(1)":                    "none",
		"SELECT madlib.f(1) + 1":                   "none",
		"SELECT madlib.f(1) ISNULL":                "none",
		"SELECT madlib.f(1) notnull":               "none",
		"SELECT (madlib.f(1))":                     "none",
		"SELECT DISTINCT madlib.f(1)":              "none",
		"SELECT madlib.f(1) UNION SELECT 1":        "none",
		"SELECT madlib.f(1) FROM t UNION SELECT 1": "none",
		"SELECT madlib.f(1) FROM t GROUP BY a":     "none",
		"SELECT madlib.f(1) INTO t":                "none",
		"SELECT madlib.f(1) FROM t FOR UPDATE":     "none",
		"SELECT madlib.f(DISTINCT a)":              "none",
		"SELECT madlib.f(a ORDER BY b)":            "none",
		"SELECT madlib.f(VARIADIC a)":              "none",
		"SELECT madlib.f(*)":                       "none",
		"SELECT madlib.f(t.*) FROM t":              "none",
		"SELECT madlib.f((t.*)) FROM t":            "none",
		"SELECT madlib.f(((t).*), 'x') FROM t":     "none",
		"SELECT madlib.f(1) OVER ()":               "none",
		"SELECT madlib.f(1) FILTER (WHERE true)":   "none",
		"SELECT madlib.f(1 FROM t":                 "none",
		"SELECT madlib.f(1,)":                      "none",
		"SELECT madlib.f(1; SELECT 2)":             "none",
		"SELECT madlib.f(1, (2; SELECT 3))":        "none",
		"SELECT madlib.f(1) FROM (SELECT 2; 3)":    "none",
		"SELECT madlib.f(1])":                      "none",
		"SELECT madlib.f(1) FROM t)":               "none",
		"SELECT * FROM madlib.f(1), t":             "none",
		"SELECT * FROM madlib.f(1) WHERE true":     "none",
		"SELECT a.madlib.f(1)":                     "none",
		"CREATE TABLE t AS SELECT madlib.f(1)":     "none",
		"EXPLAIN SELECT madlib.f(1)":               "none",
		"WITH a AS (SELECT 1) SELECT madlib.f(1)":  "none",
		"SELECT":                   "none",
		"SELECT madlib.f":          "none",
		"SELECT madlib.":           "none",
		"SELECT * FROM":            "none",
		"SELECT U&\"madlib\".f(1)": "none",
	} {
		if got := describe(text, FindCall(text, split(text)[0])); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestEvaluateArguments(t *testing.T) {
	text := "SELECT 1; SELECT madlib.f('ü', $1, b => (bad)) x FROM tü WHERE oops; SELECT 2"
	st := split(text)[1]
	r := EvaluateArguments(text, st, FindCall(text, st), func(_, i int) string {
		if i == 1 {
			return "integer"
		}
		return ""
	})
	if want := "SELECT 'ü', $1::integer, (bad)\nFROM tü WHERE oops"; r.SQL != want {
		t.Errorf("got %s, want %s", r.SQL, want)
	}
	place := func(s, of string) int { return utf8.RuneCountInString(s[:strings.Index(s, of)]) + 1 }
	for _, word := range []string{"'ü'", "$1", "bad", "oops", "FROM"} {
		if got, want := r.Position(place(r.SQL, word)), place(text, word); got != want {
			t.Errorf("%s is at %d, want %d", word, got, want)
		}
	}
	if got := r.Position(place(r.SQL, "integer")); got < place(text, "$1") || got > place(text, "b =>") {
		t.Errorf("the cast is at %d", got)
	}
	if r.Position(0) != 0 {
		t.Error("no place became one")
	}
	several := "SELECT madlib.f(1, $1), madlib.g(), madlib.h('x') FROM t"
	if r := EvaluateArguments(several, split(several)[0], FindCall(several, split(several)[0]), func(k, i int) string {
		if k == 0 && i == 1 {
			return "text"
		}
		return ""
	}); r.SQL != "SELECT 1, $1::text, 'x'\nFROM t" {
		t.Errorf("several calls give %s", r.SQL)
	}
	part := Part(text, st.Start, st.End)
	if got := part.Position(place(part.SQL, "oops")); got != place(text, "oops") {
		t.Errorf("oops is at %d of the part", got)
	}
	empty := "SELECT madlib.f()"
	if r := EvaluateArguments(empty, split(empty)[0], FindCall(empty, split(empty)[0]), nil); r.SQL != "SELECT NULL" {
		t.Errorf("no arguments give %s", r.SQL)
	}
}

func TestPrepare(t *testing.T) {
	for text, want := range map[string][3]string{
		"PREPARE p AS SELECT madlib.f($1, 'x')":                    {"p", "madlib.f($1!?|'x'?) f", "PREPARE p AS SELECT $1, 'x'"},
		`prepare "P q" (text, numeric(3,1)) as select f(1) from t`: {"P q", "f(1) f", `prepare "P q" (text, numeric(3,1)) as SELECT 1` + "\nfrom t"},
		"PREPARE p AS SELECT 1":                                    {"p", "none", ""},
		"PREPARE p AS SELECT madlib.f(1), 2":                       {"p", "none", ""},
		"PREPARE p AS SELECT madlib.f(1; SELECT 2)":                {"p", "none", ""},
		"PREPARE p":          {"p", "none", ""},
		"PREPARE":            {"", "none", ""},
		"SELECT madlib.f(1)": {"", "none", ""},
	} {
		st := split(text)[0]
		name, c := FindPrepare(text, st)
		got := [3]string{name, describe(text, c)}
		if c != nil {
			got[2] = EvaluateArguments(text, st, c, func(int, int) string { return "" }).SQL
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"EXECUTE p": "p", "execute P(1, 'x')": "p", `EXECUTE "P q"`: "P q", "EXECUTE p q": "", "EXECUTE": "", "SELECT 1": ""} {
		if got := FindExecute(text, split(text)[0]); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestFindDeallocate(t *testing.T) {
	type found struct {
		name string
		all  bool
	}
	for text, want := range map[string]found{
		"DEALLOCATE p": {"p", false}, `deallocate prepare "P q"`: {"P q", false}, "DEALLOCATE prepare": {"prepare", false}, "DEALLOCATE ALL": {"", true},
		`DEALLOCATE "all"`: {"all", false}, "DEALLOCATE PREPARE all": {"", true}, "DISCARD ALL": {"", true}, "DISCARD PLANS": {"", false}, "SELECT 1": {"", false},
	} {
		var got found
		if got.name, got.all = FindDeallocate(text, split(text)[0]); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestFindInnerExecute(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE TABLE t AS EXECUTE p": "p", "create temp table a.t (x) with (fillfactor=70) as /* c */ execute P(1) with data": "p", "EXPLAIN EXECUTE p": "p",
		`EXPLAIN (ANALYZE) EXECUTE "P q"(1)`: "P q", "EXPLAIN ANALYZE VERBOSE EXECUTE p": "p", "EXPLAIN CREATE TABLE t AS EXECUTE p": "p",
		"EXECUTE p": "", "SELECT a AS execute, p FROM t": "", "CREATE TRIGGER t BEFORE INSERT ON x EXECUTE FUNCTION p()": "", "CREATE TABLE t AS EXECUTE": "", "EXPLAIN": "",
		"CREATE TABLE t AS SELECT 'as execute p'": "",
	} {
		if got := FindInnerExecute(text, split(text)[0]); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		"", ";", "SELECT madlib.f('a', E'\\'', $$x$$, $1) AS b FROM t; SELECT * FROM f(a => 1)", "/* /* */", "'", "\"", "$a$ $a", "U&", "e'", "1e", "1.", "a$b$",
		"create or replace function f() begin atomic case end", "SELECT f(((", "SELECT f(\xff'ü')", "SELECT f(1), g() h, \"i\"($1) FROM t", "PREPARE p AS SELECT f(), g(1)", "select f(a:=)", "SELECT \"\".\"\"()",
		"SELECT E'a' -- c\n 'b\\'; c'; SELECT 2", "SELECT 1 -+*+- 2 @+ 3",
	} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, text string, standard bool) {
		end := 0
		for st := range Split(text, standard) {
			if st.Start < end || st.End < st.Start || st.End > len(text) || len(st.Tokens) == 0 {
				t.Fatalf("statement %d to %d of %d bytes, behind %d", st.Start, st.End, len(text), end)
			}
			at := st.Start
			for _, token := range st.Tokens {
				if token.Start < at || token.End <= token.Start || token.End > st.End {
					t.Fatalf("token %+v, behind %d, in a statement up to %d", token, at, st.End)
				}
				at = token.End
			}
			end = st.End
			c := FindCall(text, st)
			FindExecute(text, st)
			FindInnerExecute(text, st)
			FindDeallocate(text, st)
			if _, prepared := FindPrepare(text, st); prepared != nil {
				c = prepared
			}
			if c == nil {
				continue
			}
			r := EvaluateArguments(text, st, c, func(int, int) string { return "" })
			for p := range utf8.RuneCountInString(r.SQL) + 2 {
				if at := r.Position(p); at < 0 || at > utf8.RuneCountInString(text)+1 {
					t.Fatalf("place %d became %d of %d", p, at, utf8.RuneCountInString(text))
				}
			}
		}
	})
}
