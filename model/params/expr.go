package params

// A kind of expression, as errors call it.
type kind string

const (
	none    kind = "None"
	boolean kind = "a boolean"
	integer kind = "an integer"
	float   kind = "a float"
	text    kind = "a text"
	name    kind = "a name"
	call    kind = "a call"
	list    kind = "a list"
	tuple   kind = "a tuple"
	dict    kind = "a dict"
)

// An expr is a parsed value with its place in the text.
type expr struct {
	kind     kind
	pos, end int // byte range in the text

	literal Value  // boolean, integer, float, text
	name    string // name, call
	items   []expr // list, tuple; values of a dict
	keys    []expr // dict
	args    []arg  // call: with names
	module  bool   // name, call: it stood behind a module
	unnamed []expr // call: without
}

// An arg is name=value, of a call or of the whole text.
type arg struct {
	name  string
	pos   int // of the name
	value expr
}

// export is the value as callers of the package see it.
func (e expr) export() Value {
	switch e.kind {
	case list, tuple:
		values := make([]Value, len(e.items))
		for i, item := range e.items {
			values[i] = item.export()
		}
		return values
	case dict:
		entries := make(Dict, len(e.items))
		for i, item := range e.items {
			entries[i] = Entry{Key: e.keys[i].literal, Value: item.export()}
		}
		return entries
	case name, call:
		return e.call()
	}
	return e.literal
}

// call is a name or call as callers of the package see it.
func (e expr) call() Call {
	c := Call{Name: e.name, Pos: e.pos}
	for _, v := range e.unnamed {
		c.Positional = append(c.Positional, v.export())
	}
	if len(e.args) > 0 {
		c.Args = make(map[string]Value, len(e.args))
	}
	for _, a := range e.args {
		c.Args[a.name] = a.value.export()
	}
	return c
}
