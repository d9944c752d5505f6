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
	prepares   map[int]prepared    // statements that PREPARE in SQL
	executes   map[int]string      // statements that are no calls, and execute the prepared one of that name
	ends       map[int]ended       // statements that end prepared calls
	mentions   bool                // the text mentions MADlib's schema
}

// hasCalls tells whether there is anything that does not pass as it is.
func (q *query) hasCalls() bool {
	for i := range q.statements {
		if !q.passes(i) {
			return true
		}
	}
	return false
}

// passes tells whether statement i passes as it is.
func (q *query) passes(i int) bool {
	_, prepares := q.prepares[i]
	_, executes := q.executes[i]
	_, ends := q.ends[i]
	return q.calls[i] == nil && !prepares && !executes && !ends
}

// A prepared is a PREPARE among the statements of a query string. The call is nil where it prepares something else.
type prepared struct {
	name string
	call *call
}

// An ended is what DEALLOCATE ends: the prepared statement of a name, or all.
type ended struct {
	name string
	all  bool
}

// A found is the call of one function in a text.
type found struct {
	function  *madlib.Function
	arguments []madlib.Argument
	column    string
}

// look looks for calls. onPath tells whether a name without a schema may mean one of MADlib's functions.
func (s *session) look(text string, onPath func() (bool, error)) (*query, error) {
	q := &query{text: text}
	var names bool
	q.mentions, names = s.proxy.mentions(text)
	if !names && len(s.statements) == 0 {
		return q, nil
	}
	q.statements = sqltext.Split(text, s.setting("standard_conforming_strings") != "off")
	q.calls, q.prepares, q.executes = make([]*call, len(q.statements)), map[int]prepared{}, map[int]string{}
	q.ends = map[int]ended{}
	for i, st := range q.statements {
		if c := s.prepared(q, i, sqltext.FindExecute(text, st)); c != nil {
			q.calls[i] = &call{list: c.list, rewrite: sqltext.Part(text, st.Start, st.End)}
			continue
		}
		if inner := sqltext.FindInnerExecute(text, st); s.prepared(q, i, inner) != nil {
			q.executes[i] = inner
			continue
		}
		if name, all := sqltext.FindDeallocate(text, st); all || name != "" {
			if all || s.prepared(q, i, name) != nil {
				q.ends[i] = ended{name, all}
			}
			continue
		}
		name, c := sqltext.FindPrepare(text, st)
		prepares := name != ""
		if !prepares {
			c = sqltext.FindCall(text, st)
		}
		var known *call
		if c != nil {
			list, err := s.functionsOf(c, onPath)
			if err != nil {
				return q, err
			}
			if list != nil {
				known = newCall(text, st, c, list)
			}
		}
		if prepares {
			q.prepares[i] = prepared{name, known}
		} else {
			q.calls[i] = known
		}
	}
	return q, nil
}

// prepared is the call of that name that was prepared before statement i, earlier or in the same query string.
func (s *session) prepared(q *query, i int, name string) *call {
	if name == "" {
		return nil
	}
	for j := i - 1; j >= 0; j-- {
		if p, is := q.prepares[j]; is && p.name == name {
			return p.call
		}
	}
	return s.statements[name]
}

// functionsOf are the functions of MADlib that are called, nil where one is another's.
func (s *session) functionsOf(c *sqltext.Call, onPath func() (bool, error)) ([]*madlib.Function, error) {
	list := make([]*madlib.Function, len(c.Items))
	for i := range c.Items {
		f, err := s.functionOf(&c.Items[i], onPath)
		if f == nil || err != nil {
			return nil, err
		}
		list[i] = f
	}
	return list, nil
}

// functionOf is the function of MADlib that is called, nil for another one.
func (s *session) functionOf(c *sqltext.Item, onPath func() (bool, error)) (*madlib.Function, error) {
	f := madlib.Find(c.Function)
	if f == nil || c.Schema != "" && c.Schema != s.proxy.schema {
		return nil, nil
	}
	if c.Schema == "" {
		if !f.Unqualified() {
			return nil, nil
		}
		if yes, err := onPath(); err != nil || !yes {
			return nil, err
		}
	}
	return f, nil
}

func newCall(text string, st sqltext.Statement, c *sqltext.Call, functions []*madlib.Function) *call {
	list := make([]*found, len(c.Items))
	for k, item := range c.Items {
		args := make([]madlib.Argument, len(item.Arguments))
		for i, a := range item.Arguments {
			args[i] = madlib.Argument{Name: a.Name, Unknown: a.Unknown}
		}
		list[k] = &found{function: functions[k], arguments: args, column: item.Column}
	}
	return &call{
		list: list,
		rewrite: sqltext.EvaluateArguments(text, st, c, func(k, i int) string {
			if !c.Items[k].Arguments[i].Parameter {
				return ""
			}
			return list[k].function.TypeOf(list[k].arguments, i)
		}),
	}
}

// jobs is how many jobs the rows of evaluated arguments are.
func (c *call) jobs(arguments *capture) int { return len(arguments.rows) * len(c.list) }

// The types of answers.
const (
	oidText = 25
	oidVoid = 2278
)

// description is the form of the answer: a column for each function, of type void or of type text.
func (c *call) description() *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{}
	for _, l := range c.list {
		f := pgproto3.FieldDescription{Name: []byte(l.column), DataTypeOID: oidVoid, DataTypeSize: 4, TypeModifier: -1}
		if l.function.AnswersText(l.arguments) {
			f.DataTypeOID, f.DataTypeSize = oidText, -1
		}
		d.Fields = append(d.Fields, f)
	}
	return d
}

// answer is the rows of the answer and what ends it.
func answer(rows [][][]byte) []message {
	var out []message
	for _, r := range rows {
		out = append(out, &pgproto3.DataRow{Values: r})
	}
	return append(out, &pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", len(rows))})
}

// onPathSQL asks whether MADlib's schema is on the search path, which may name schemas that do not exist.
const onPathSQL = `SELECT %s OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.btrim(x, ' "') FROM pg_catalog.unnest(` +
	`pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), ',')) x)`

func (s *session) onPathQuery() string {
	return fmt.Sprintf(onPathSQL, "'"+strings.ReplaceAll(s.proxy.schema, "'", "''")+"'::pg_catalog.text")
}

// isTrue reads the answer to a question of the proxy.
func (c *capture) isTrue() bool {
	return len(c.rows) == 1 && len(c.rows[0]) == 1 && string(c.rows[0][0]) == "t"
}

// onPath asks in the simple protocol.
func (s *session) onPath() (bool, error) {
	if s.transaction() == 'E' {
		return false, nil
	}
	if err := s.settle(); err != nil {
		return false, err
	}
	c, err := s.hide(s.onPathQuery())
	if said, err := ofServer(err); said != nil || err != nil {
		return false, err // the server will say it of the client's statement too
	}
	return c.isTrue(), nil
}
