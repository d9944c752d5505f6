package serve

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/sqltext"
)

// A query is what was found in the text of a client.
type query struct {
	text       string
	statements []sqltext.Statement // none where nothing was looked for
	calls      []*call             // per statement; nil: it is no call
	mentions   bool                // the text mentions MADlib's schema
}

func (q *query) hasCalls() bool {
	for _, c := range q.calls {
		if c != nil {
			return true
		}
	}
	return false
}

// A found is a call in a text.
type found struct {
	function  *madlib.Function
	arguments []madlib.Argument
	column    string
}

// look looks for calls. onPath tells whether a name without a schema may mean one of MADlib's functions.
func (s *session) look(text string, onPath func() (bool, error)) (*query, error) {
	q := &query{text: text}
	lower := strings.ToLower(text)
	q.mentions = strings.Contains(lower, s.proxy.schema)
	if !q.mentions && !s.proxy.mentionsFunction(lower) {
		return q, nil
	}
	q.statements = sqltext.Split(text, s.setting("standard_conforming_strings") != "off")
	q.calls = make([]*call, len(q.statements))
	for i, st := range q.statements {
		c := sqltext.FindCall(text, st)
		if c == nil || c.Schema != "" && c.Schema != s.proxy.schema {
			continue
		}
		f := madlib.Find(c.Function)
		if f == nil {
			continue
		}
		if c.Schema == "" {
			if !f.Unqualified() {
				continue
			}
			if yes, err := onPath(); err != nil || !yes {
				return q, err
			}
		}
		q.calls[i] = newCall(text, st, c, f)
	}
	return q, nil
}

func newCall(text string, st sqltext.Statement, c *sqltext.Call, f *madlib.Function) *call {
	args := make([]madlib.Argument, len(c.Arguments))
	for i, a := range c.Arguments {
		args[i] = madlib.Argument{Name: a.Name, Unknown: a.Unknown}
	}
	return &call{
		found: &found{function: f, arguments: args, column: c.Column},
		rewrite: sqltext.EvaluateArguments(text, st, c, func(i int) string {
			if !c.Arguments[i].Parameter {
				return ""
			}
			return f.TypeOf(args, i)
		}),
	}
}

// The types of answers.
const (
	oidText = 25
	oidVoid = 2278
)

// description is the form of the answer: one column of type void, or of type text.
func (c *call) description() *pgproto3.RowDescription {
	f := pgproto3.FieldDescription{Name: []byte(c.column), DataTypeOID: oidVoid, DataTypeSize: 4, TypeModifier: -1}
	if c.function.AnswersText(c.arguments) {
		f.DataTypeOID, f.DataTypeSize = oidText, -1
	}
	return &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{f}}
}

// answer is the rows of the answer and what ends it.
func answer(rows []string) []message {
	var out []message
	for _, r := range rows {
		out = append(out, &pgproto3.DataRow{Values: [][]byte{[]byte(r)}})
	}
	return append(out, &pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", len(rows))})
}

// onPathSQL asks whether MADlib's schema is on the search path, which may name schemas that do not exist.
const onPathSQL = `SELECT %s OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.btrim(x, ' "') FROM pg_catalog.unnest(` +
	`pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), ',')) x)`

func (s *session) onPathQuery() string {
	return fmt.Sprintf(onPathSQL, "'"+strings.ReplaceAll(s.proxy.schema, "'", "''")+"'::pg_catalog.text")
}

// isTrue reads the answer to a question of the proxy. An error of the server, such as that of a transaction that has failed, is a no: the
// server will say it of the client's statement too.
func isTrue(c *capture, err error) (bool, error) {
	if said, err := ofServer(err); said != nil || err != nil {
		return false, err
	}
	return len(c.rows) == 1 && string(c.rows[0][0]) == "t", nil
}

// onPath asks in the simple protocol.
func (s *session) onPath() (bool, error) {
	if s.transaction() == 'E' {
		return false, nil
	}
	if err := s.settle(); err != nil {
		return false, err
	}
	return isTrue(s.hide(s.onPathQuery()))
}
