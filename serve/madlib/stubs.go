package madlib

import (
	"fmt"
	"slices"
	"strings"
)

// Stubs is SQL that makes the functions, each of which only raises an error: for lists of functions, completion, and statements in which
// a proxy cannot see a call.
func Stubs(schema string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- Functions that say to connect through beamfit serve.\nCREATE SCHEMA IF NOT EXISTS %s;\n", schema)
	for _, f := range functions {
		if f.Refused() || f.answer != nil {
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
	if slices.ContainsFunc(f.Parameters, func(p Parameter) bool { return p.typ == anyType }) {
		return []paramType{textType, integerType, floatType}
	}
	return []paramType{""}
}

// declarations are the parameters in SQL. Of several functions only that for text can have the default.
func (f *Function) declarations(typ paramType) []string {
	var list []string
	optionals := true
	for _, p := range slices.Backward(f.Parameters) {
		t, def := p.typ, ""
		if p.typ == anyType {
			t = typ
		}
		if p.typ == anyType && typ != textType {
			optionals = false
		}
		if p.need == optional && (optionals || p.typ != anyType) {
			def = " DEFAULT " + p.defaultText()
		}
		list = append(list, p.Name+" "+string(t)+def)
	}
	slices.Reverse(list)
	return list
}

// stub writes one function.
func (f *Function) stub(b *strings.Builder, schema string, parameters []string, returns string) {
	fmt.Fprintf(b, `CREATE OR REPLACE FUNCTION %s.%s(%s) RETURNS %s LANGUAGE plpgsql AS $beamfit$
BEGIN
	RAISE EXCEPTION 'madlib.%[2]s is run by beamfit serve' USING ERRCODE = 'feature_not_supported',
		HINT = 'Connect through the proxy, and call the function as SELECT %[1]s.%[2]s(...), with nothing but such calls in its SELECT list.';
END $beamfit$;
`, schema, f.Name, strings.Join(parameters, ", "), returns)
}
