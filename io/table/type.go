package table

import (
	"regexp"
	"strings"
)

// Kind says how the values of a column, or the elements of an array column, are held in a Vector.
type Kind uint8

// The kinds. Numeric and Other are held as the text that PostgreSQL would print.
const (
	Other   Kind = iota // any further scalar type (date, timestamp, uuid, json, enum, ...): Strings
	Bool                // Bools
	Int16               // Int16s
	Int32               // Int32s
	Int64               // Int64s
	Float32             // Float32s
	Float64             // Float64s
	Numeric             // Strings: exact decimal text
	Text                // Strings: text, character varying, character
	Bytes               // Bytes
)

// A Type is the type of a column.
type Type struct {
	Kind  Kind
	Array bool
	// SQL is the type as pg_typeof prints it, without modifiers: "character varying", "integer[]".
	SQL string
}

// The types that beamfit's own tables are made of.
var (
	BoolType         = Type{Kind: Bool, SQL: "boolean"}
	Int16Type        = Type{Kind: Int16, SQL: "smallint"}
	Int32Type        = Type{Kind: Int32, SQL: "integer"}
	Int64Type        = Type{Kind: Int64, SQL: "bigint"}
	Float32Type      = Type{Kind: Float32, SQL: "real"}
	Float64Type      = Type{Kind: Float64, SQL: "double precision"}
	NumericType      = Type{Kind: Numeric, SQL: "numeric"}
	TextType         = Type{Kind: Text, SQL: "text"}
	VarcharType      = Type{Kind: Text, SQL: "character varying"}
	BytesType        = Type{Kind: Bytes, SQL: "bytea"}
	DateType         = Type{Kind: Other, SQL: "date"}
	TimestampType    = Type{Kind: Other, SQL: "timestamp without time zone"}
	JSONType         = Type{Kind: Other, SQL: "json"}
	TextArrayType    = TextType.ArrayOf()
	Int32ArrayType   = Int32Type.ArrayOf()
	Float32ArrayType = Float32Type.ArrayOf()
	Float64ArrayType = Float64Type.ArrayOf()
)

// ArrayOf is the type of arrays whose elements have type t.
func (t Type) ArrayOf() Type { return Type{Kind: t.Kind, Array: true, SQL: t.SQL + "[]"} }

// Elem is the type of the elements of an array type.
func (t Type) Elem() Type { return Type{Kind: t.Kind, SQL: strings.TrimSuffix(t.SQL, "[]")} }

// String is the SQL text.
func (t Type) String() string { return t.SQL }

// IsNumber reports whether the values or elements are numbers.
func (t Type) IsNumber() bool {
	switch t.Kind {
	case Int16, Int32, Int64, Float32, Float64, Numeric:
		return true
	}
	return false
}

// IsInteger reports whether the type is that of single integers.
func (t Type) IsInteger() bool {
	return !t.Array && (t.Kind == Int16 || t.Kind == Int32 || t.Kind == Int64)
}

// IsText reports whether the type is that of single values that are held as text.
func (t Type) IsText() bool { return !t.Array && (t.Kind == Text || t.Kind == Other) }

func (t Type) isReal() bool { return t.Kind == Float32 || t.Kind == Float64 }

// sqlNames lists every spelling of the built-in types; the first of a kind's canonical names is what pg_typeof prints.
var sqlNames = map[string]Type{
	"boolean": BoolType, "bool": BoolType,
	"smallint": Int16Type, "int2": Int16Type, "smallserial": Int16Type,
	"integer": Int32Type, "int": Int32Type, "int4": Int32Type, "serial": Int32Type,
	"bigint": Int64Type, "int8": Int64Type, "bigserial": Int64Type,
	"real": Float32Type, "float4": Float32Type,
	"double precision": Float64Type, "float8": Float64Type, "float": Float64Type,
	"numeric": NumericType, "decimal": NumericType,
	"text":              TextType,
	"character varying": VarcharType, "varchar": VarcharType,
	"character": {Kind: Text, SQL: "character"}, "char": {Kind: Text, SQL: "character"}, "bpchar": {Kind: Text, SQL: "character"},
	"bytea":                       BytesType,
	"timestamp without time zone": TimestampType, "timestamp": TimestampType,
	"timestamp with time zone": {Kind: Other, SQL: "timestamp with time zone"}, "timestamptz": {Kind: Other, SQL: "timestamp with time zone"},
	"time without time zone": {Kind: Other, SQL: "time without time zone"}, "time": {Kind: Other, SQL: "time without time zone"},
}

var (
	arraySuffix = regexp.MustCompile(`\s*\[[0-9]*\]$`)
	modifier    = regexp.MustCompile(`\s*\([^()]*\)`)
)

// ParseType reads a SQL type name, folding aliases and case: "INT[]" is integer[]. Modifiers such as varchar(20) and the
// number of dimensions are dropped. A name that is not a built-in number, text, boolean or bytea type becomes Kind Other
// with the text as given; names in double quotes are exact.
func ParseType(sql string) Type {
	s, array := strings.TrimSpace(sql), false
	for {
		suffix := arraySuffix.FindString(s)
		if suffix == "" {
			break
		}
		s, array = strings.TrimSuffix(s, suffix), true
	}
	if !strings.Contains(s, `"`) {
		for modifier.MatchString(s) {
			s = modifier.ReplaceAllString(s, "")
		}
		s = strings.Join(strings.Fields(s), " ")
	}
	t, ok := sqlNames[strings.ToLower(s)]
	if !ok {
		t = Type{Kind: Other, SQL: s}
	}
	if array {
		t = t.ArrayOf()
	}
	return t
}
