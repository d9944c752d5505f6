package madlib

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/pipelines"
)

// A Parameter of a function.
type Parameter struct {
	Name string
	// Command is the argument, or the flag, that the function's command has for it; "": none.
	Command string
	typ     paramType
	need    need
	def     string // its default in SQL, where it has one
	use     string // one line for the usage text
	table   role   // of the table that it names; "": it names none that there must be
	// positive says that an integer is at least 1; instead names the parameter whose place this one takes where that is a text.
	positive bool
	instead  string
}

// A role says what a function does with a table.
type role string

const (
	input  role = "input"
	output role = "output"
)

// A need says whether a parameter needs an argument.
type need int

const (
	optional need = iota
	required      // and not NULL
	nullable      // required, and may be NULL
)

// A Function is one of MADlib's.
type Function struct {
	Name       string
	Command    string // beamfit's, that does the same; "": none
	Parameters []Parameter
	summary    string // one sentence
	output     string // what it makes, for the usage text
	// help says that the function also takes no argument, or 'usage'; exact, that the word must be in lower case; bare, that a single argument
	// is none of these words.
	help, exact, bare bool
	// answer is the text that the function answers with; nil: it answers nothing, as MADlib's do.
	answer func() string
	run    func(ctx context.Context, j Job, c *Call) error
	// system says that PostgreSQL has a function of the name, which comes first on every search path.
	system bool
	// page names the page of MADlib's documentation that a function without run belongs to.
	page string
}

// A Job is what a call runs with.
type Job struct {
	Env      pipelines.Env // without Progress
	Seed     uint64
	Settings Settings
	// FilesBelow is the folder that the files of callbacks must lie below; "": there may be none, for those who send calls are no users of
	// this machine.
	FilesBelow string
	// Say tells the client something while the call runs.
	Say func(text string)
}

// An Argument of a call, as it is written.
type Argument struct {
	Name    string // of a named one
	Unknown bool   // a constant in quotes, NULL or a parameter, which fits every type
}

// Find is the function of that name, nil where MADlib has none that is known here.
func Find(name string) *Function { return byName[name] }

// Functions are all functions, in the order of work.
func Functions() []*Function { return functions }

// Unqualified tells whether the function's name may be written without a schema, where MADlib's is on the search path.
func (f *Function) Unqualified() bool { return !f.system }

// Refused tells a function that beamfit does not have.
func (f *Function) Refused() bool { return f.run == nil && f.answer == nil }

// refusal says that beamfit does not have the function.
func (f *Function) refusal() string {
	return fmt.Sprintf("function madlib.%s is not supported: beamfit does not have %s yet", f.Name, f.page)
}

const refusalHint = "docs/sql.md lists what is supported."

// place is the parameter that argument i is for, -1 where there is none.
func (f *Function) place(args []Argument, i int) int {
	if args[i].Name == "" {
		if i < len(f.Parameters) && !slices.ContainsFunc(args[:i], func(a Argument) bool { return a.Name != "" }) {
			return i
		}
		return -1
	}
	return slices.IndexFunc(f.Parameters, func(p Parameter) bool { return p.Name == args[i].Name })
}

// TypeOf is the type that argument i is to be cast to where it is a parameter of the statement, "" for none.
func (f *Function) TypeOf(args []Argument, i int) string {
	if f.isHelp(args) {
		return string(textType)
	}
	k := f.place(args, i)
	if k < 0 || f.Parameters[k].typ.several() != nil {
		return ""
	}
	return string(f.Parameters[k].typ)
}

// AnswersText tells whether a call answers with a text, and not with nothing.
func (f *Function) AnswersText(args []Argument) bool { return f.answer != nil || f.isHelp(args) }

func (f *Function) isHelp(args []Argument) bool {
	return f.help && (len(args) == 0 || !f.bare && len(args) == 1 && (args[0].Name == "" || args[0].Name == "message"))
}

// Answer is the text that a call answers with.
func (f *Function) Answer(args []Argument, row []Value) (string, error) {
	switch {
	case f.answer == nil:
		return f.helpText(row), nil
	case len(args) > 0:
		return "", f.noSuch(args, row)
	}
	return f.answer(), nil
}

// CheckTypes reports arguments that fit no parameters. types are those of the evaluated arguments.
func (f *Function) CheckTypes(args []Argument, types []uint32) error {
	if f.AnswersText(args) || f.Refused() {
		return nil
	}
	row := make([]Value, len(types))
	for i, oid := range types {
		row[i].OID = oid
	}
	if len(args) != len(types) {
		return f.noSuch(nil, row)
	}
	has := map[string]bool{}
	for i := range args {
		k := f.place(args, i)
		if k < 0 || has[f.Parameters[k].Name] || !f.Parameters[k].takes(args[i], types[i]) {
			return f.noSuch(args, row)
		}
		has[f.Parameters[k].Name] = true
	}
	for _, p := range f.Parameters {
		if p.need != optional && !has[p.Name] {
			return f.noSuch(args, row)
		}
	}
	return nil
}

// takes tells whether an argument fits. What could be of any type has the one that the server has found.
func (p Parameter) takes(a Argument, oid uint32) bool {
	return a.Unknown && p.typ.several() == nil || p.typ.fits(oid)
}

// noSuch is PostgreSQL's error of a function that is not there with such arguments.
func (f *Function) noSuch(args []Argument, row []Value) error {
	types := make([]string, len(row))
	for i, v := range row {
		types[i] = typeName(v.OID)
		if i < len(args) && args[i].Unknown {
			types[i] = "unknown"
		}
		if i < len(args) && args[i].Name != "" {
			types[i] = args[i].Name + " => " + types[i]
		}
	}
	return &Error{
		Code: "42883", Message: fmt.Sprintf("function madlib.%s(%s) does not exist", f.Name, strings.Join(types, ", ")),
		Hint: "The function is " + f.Signature() + ". You might need to add explicit type casts.",
	}
}

// Signature is the function with its parameters.
func (f *Function) Signature() string {
	list := make([]string, len(f.Parameters))
	for i, p := range f.Parameters {
		list[i] = p.Name + " " + string(p.typ)
		if p.need == optional {
			list[i] += " DEFAULT " + p.defaultText()
		}
	}
	return "madlib." + f.Name + "(" + strings.Join(list, ", ") + ")"
}

func (p Parameter) defaultText() string {
	if p.def == "" {
		return "NULL"
	}
	return p.def
}

// bind takes the arguments of one call, whose types are checked.
func (f *Function) bind(args []Argument, row []Value) (*Call, error) {
	c := &Call{function: f, values: map[string]Value{}}
	for i := range args {
		p := f.Parameters[f.place(args, i)]
		v := row[i]
		if !v.Null {
			if err := p.typ.check(v.Text); err != nil {
				return nil, err
			}
		}
		c.values[p.Name] = v
	}
	for _, p := range f.Parameters {
		if err := c.require(p); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// require reports a parameter without an argument that it can use. The words about names of tables are those that MADlib's own tests look for.
func (c *Call) require(p Parameter) error {
	name := strings.TrimSpace(c.text(p.Name))
	switch {
	case p.positive && c.given(p.Name) && c.integer(p.Name) < 1:
		return invalid("%s: expected a whole number of 1 or more, found %s", p.Name, name)
	case p.need != required:
	case p.table != "" && (name == "" || strings.EqualFold(name, "null")):
		return &Error{Code: "22004", Message: fmt.Sprintf("madlib.%s: NULL/empty %s table name: argument %s", c.function.Name, p.table, p.Name)}
	case !c.given(p.Name):
		return &Error{Code: "22004", Message: fmt.Sprintf("argument %s of madlib.%s must not be NULL", p.Name, c.function.Name)}
	}
	return nil
}

// Run runs a call. Its error is an *Error or becomes one by AsError.
func (f *Function) Run(ctx context.Context, j Job, args []Argument, row []Value) error {
	if f.Refused() {
		return unsupported(refusalHint, "%s", f.refusal())
	}
	c, err := f.bind(args, row)
	if err != nil {
		return err
	}
	if c.given("mst_key") {
		return unsupported("Leave mst_key out.", "mst_key is for models of madlib_keras_fit_multiple_model, which are not supported")
	}
	lines := &lines{say: j.Say}
	j.Env.Progress = lines.report
	if j.Env.GPUs = c.bool("use_gpus"); j.Env.GPUs {
		j.Env.GPUMath = j.Settings.GPUMath
	}
	err = f.run(ctx, j, c)
	if errors.Is(err, pipelines.ErrNoGPUSupport) {
		return unsupported("Start the proxy as beamfit-cuda serve, or leave use_gpus out.", "use_gpus => TRUE is not supported by this proxy: it has no GPU support")
	}
	return err
}
