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
	text     string
	parts    []part // none where nothing was looked for
	several  bool   // it has several statements
	acts     bool   // something does not pass as it is
	excess   bool   // parts are left out: there are too many
	mentions bool   // the text mentions MADlib's schema
}

// A part is a statement of which something must be known, or what lies between two of them.
type part struct {
	start, end int
	remembered
	executes string          // the prepared call that it executes without being a call
	control  sqltext.Control // what it does to the transaction of the string
}

// A remembered is what must be known of a statement or a portal of the client when it is executed: at most one of these.
type remembered struct {
	call   *call
	effect *effect
}

// An effect is what a statement does to the client's prepared ones.
type effect struct {
	name string
	call *call // has the name now; nil: it is the name of no call any more
	all  bool  // so is every name
}

// rewrite is what the server has in place of the client's text, nil where it has that.
func (k remembered) rewrite() *sqltext.Rewrite {
	switch {
	case k.call != nil:
		return k.call.rewrite
	case k.effect != nil && k.effect.call != nil:
		return k.effect.call.rewrite
	}
	return nil
}

// take notes what a statement has done.
func (s *session) take(e *effect) {
	switch {
	case e.all:
		clear(s.statements)
	case e.call == nil:
		delete(s.statements, e.name)
	default:
		c := *e.call
		c.starts = nil // places in a text that is not the one which will execute it
		s.statements[e.name] = remembered{call: &c}
	}
}

// passes tells whether a part passes as it is.
func (p *part) passes() bool { return p.remembered == remembered{} && p.executes == "" }

// mostParts bounds what is kept of a query string.
const mostParts = 100_000

// add adds a part, to the last one where nothing must be known of either.
func (q *query) add(p part) {
	last := len(q.parts) - 1
	q.several = last >= 0
	q.acts = q.acts || !p.passes()
	switch {
	case last >= 0 && p.isPlain() && q.parts[last].isPlain():
		q.parts[last].end = p.end
	case len(q.parts) == mostParts:
		q.excess = true
	default:
		q.parts = append(q.parts, p)
	}
}

func (p *part) isPlain() bool { return p.passes() && p.control == sqltext.Keeps }

// An invocation is the call of one function in a text.
type invocation struct {
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
	prepared := map[string]*call{} // by the text itself
	for st := range sqltext.Split(text, s.setting("standard_conforming_strings") != "off") {
		p, err := s.examine(text, st, prepared, onPath)
		if err != nil {
			return q, err
		}
		if q.add(p); q.excess && q.acts {
			break
		}
	}
	return q, nil
}

// examine finds out what must be known of a statement, behind those that have prepared what is given.
func (s *session) examine(text string, st sqltext.Statement, prepared map[string]*call, onPath func() (bool, error)) (part, error) {
	p := part{start: st.Start, end: st.End, control: st.Control(text)}
	callOf := func(name string) *call {
		if c, is := prepared[name]; is {
			return c
		}
		return s.statements[name].call
	}
	if name := sqltext.FindExecute(text, st); name != "" {
		if c := callOf(name); c != nil {
			p.call = &call{list: c.list, rewrite: sqltext.Part(text, st.Start, st.End)}
		}
		return p, nil
	}
	if name := sqltext.FindInnerExecute(text, st); name != "" && callOf(name) != nil {
		p.executes = name
		return p, nil
	}
	if name, all := sqltext.FindDeallocate(text, st); all || name != "" {
		if all || callOf(name) != nil {
			p.effect = &effect{name: name, all: all}
		}
		return p, nil
	}
	name, c := sqltext.FindPrepare(text, st)
	if name == "" {
		c = sqltext.FindCall(text, st)
	}
	var called *call
	if c != nil {
		list, err := s.functionsOf(c, onPath)
		if err != nil {
			return p, err
		}
		if list != nil {
			called = newCall(text, st, c, list)
		}
	}
	if name == "" {
		p.call = called
		return p, nil
	}
	p.effect = &effect{name: name, call: called}
	prepared[name] = called
	return p, nil
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
	list, starts := make([]*invocation, len(c.Items)), make([]int, len(c.Items))
	for k, item := range c.Items {
		starts[k] = item.Start
		args := make([]madlib.Argument, len(item.Arguments))
		for i, a := range item.Arguments {
			args[i] = madlib.Argument{Name: a.Name, Unknown: a.Unknown}
		}
		list[k] = &invocation{function: functions[k], arguments: args, column: item.Column}
	}
	return &call{
		list: list, starts: starts,
		rewrite: sqltext.EvaluateArguments(text, st, c, func(k, i int) string {
			if !c.Items[k].Arguments[i].Parameter {
				return ""
			}
			return list[k].function.TypeOf(list[k].arguments, i)
		}),
	}
}

// countJobs is how many jobs the rows of evaluated arguments are.
func (c *call) countJobs(arguments *capture) int { return len(arguments.rows) * len(c.list) }

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
