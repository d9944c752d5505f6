package madlib

import (
	"fmt"
	"slices"
	"strings"
)

// Stubs is SQL that makes the functions, each of which only raises an error: for lists of functions, completion, and statements in which
// a proxy cannot see a call. Those that beamfit does not have say so.
func Stubs(schema string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- Functions that say to connect through beamfit serve.\nCREATE SCHEMA IF NOT EXISTS %s;\n", schema)
	for _, f := range functions {
		if f.answer != nil {
			continue
		}
		if f.help {
			f.stub(&b, schema, nil, "text")
			f.stub(&b, schema, []string{"message text"}, "text")
		}
		for _, typ := range f.overloads() {
			f.stub(&b, schema, f.declarations(typ), "void")
		}
	}
	return b.String()
}

// overloads are the types of the parameter that has several; "" where there is none.
func (f *Function) overloads() []paramType {
	for _, p := range f.Parameters {
		if types := p.typ.several(); types != nil {
			return types
		}
	}
	return []paramType{""}
}

// declarations are the parameters in SQL. Of several functions only that for text can have the default, or have a parameter in place of another one.
func (f *Function) declarations(typ paramType) []string {
	var list []string
	optionals := true
	for _, p := range slices.Backward(f.Parameters) {
		t, def := p.typ, ""
		replaced := slices.ContainsFunc(f.Parameters, func(other Parameter) bool { return other.instead == p.Name })
		switch {
		case replaced && typ == textType, p.instead != "" && typ != textType:
			continue
		case p.typ.several() != nil:
			t, optionals = typ, optionals && typ == textType
		case p.instead != "":
			optionals = false
		}
		if p.need == optional && optionals {
			def = " DEFAULT " + p.defaultText()
		}
		list = append(list, p.Name+" "+string(t)+def)
	}
	slices.Reverse(list)
	return list
}

// stub writes one function.
func (f *Function) stub(b *strings.Builder, schema string, parameters []string, returns string) {
	message := fmt.Sprintf("madlib.%s is run by beamfit serve", f.Name)
	hint := fmt.Sprintf("Connect through the proxy, and call the function as SELECT %s.%s(...), with nothing but such calls in its SELECT list.", schema, f.Name)
	if f.Refused() {
		message, hint = f.refusal(), refusalHint
	}
	fmt.Fprintf(b, `CREATE OR REPLACE FUNCTION %s.%s(%s) RETURNS %s LANGUAGE plpgsql AS $beamfit$
BEGIN
	RAISE EXCEPTION '%s' USING ERRCODE = 'feature_not_supported',
		HINT = '%s';
END $beamfit$;
`, schema, f.Name, strings.Join(parameters, ", "), returns, message, hint)
}
