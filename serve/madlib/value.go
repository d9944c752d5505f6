package madlib

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A Value is an argument as the server has evaluated it, in text form.
type Value struct {
	Null bool
	Text string
	OID  uint32 // of its type
}

// A paramType is the type of a parameter.
type paramType string

// The types of parameters. anyType is text, integer or double precision, which mean different things to the function, and idType text or integer.
const (
	textType     paramType = "text"
	integerType  paramType = "integer"
	floatType    paramType = "double precision"
	realType     paramType = "real"
	boolType     paramType = "boolean"
	jsonType     paramType = "json"
	byteaType    paramType = "bytea"
	integersType paramType = "integer[]"
	textsType    paramType = "text[]"
	anyType      paramType = "text or integer or double precision"
	idType       paramType = "text or integer"
)

// typeNames are the types of arguments, by object id, in PostgreSQL's words.
var typeNames = map[uint32]string{
	16: "boolean", 17: "bytea", 18: `"char"`, 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 26: "oid", 114: "json",
	700: "real", 701: "double precision", 705: "unknown", 1042: "character", 1043: "character varying", 1082: "date", 1114: "timestamp without time zone",
	1184: "timestamp with time zone", 1700: "numeric", 2950: "uuid", 3802: "jsonb", 1000: "boolean[]", 1001: "bytea[]", 1002: `"char"[]`, 1003: "name[]",
	1005: "smallint[]", 1007: "integer[]", 1009: "text[]", 1014: "character[]", 1015: "character varying[]", 1016: "bigint[]", 1021: "real[]", 1022: "double precision[]", 1231: "numeric[]",
}

// implicit are the types that PostgreSQL casts to a parameter's type by itself: those of pg_cast with the context i, and arrays of them.
var implicit = map[paramType][]uint32{
	textType:     {25, 1043, 1042, 19, 18, 705},
	integerType:  {23, 21},
	floatType:    {701, 700, 1700, 20, 21, 23},
	realType:     {700, 1700, 20, 21, 23},
	boolType:     {16},
	jsonType:     {114},
	byteaType:    {17},
	integersType: {1007, 1005},
	textsType:    {1009, 1015, 1014, 1003, 1002},
	anyType:      {25, 1043, 1042, 705, 19, 18, 23, 21, 701, 700, 1700},
	idType:       {25, 1043, 1042, 705, 19, 18, 23, 21},
}

// typeName is the name of the type of an argument.
func typeName(oid uint32) string {
	if name := typeNames[oid]; name != "" {
		return name
	}
	return "type " + strconv.FormatUint(uint64(oid), 10)
}

// several are the types of a parameter that has more than one, the functions of MADlib that it stands for; nil where it has one.
func (t paramType) several() []paramType {
	switch t {
	case anyType:
		return []paramType{textType, integerType, floatType}
	case idType:
		return []paramType{textType, integerType}
	}
	return nil
}

// fits tells whether a value of that type can be an argument.
func (t paramType) fits(oid uint32) bool { return slices.Contains(implicit[t], oid) }

// checked are the types of values that are read here; the others are text to whoever gets them.
var checked = map[paramType]table.Type{
	integerType: table.Int32Type, floatType: table.Float64Type, realType: table.Float32Type, boolType: table.BoolType, byteaType: table.BytesType,
}

// check reports text that is no value of the type.
func (t paramType) check(text string) error {
	typ, is := checked[t]
	if !is {
		return nil
	}
	v := table.Vector{Type: typ}
	if v.AppendText(text) != nil {
		return &Error{Code: "22P02", Message: fmt.Sprintf("invalid input syntax for type %s: %q", t, shortened(text))}
	}
	return nil
}

// shortened keeps long texts out of messages.
func shortened(text string) string {
	if len(text) > 100 {
		return strings.ToValidUTF8(text[:100], "") + "..."
	}
	return text
}

// A Call is the arguments of one call. Parameters without an argument have none; their defaults are those of pipelines.
type Call struct {
	function *Function
	values   map[string]Value
}

func (c *Call) given(name string) bool { v, has := c.values[name]; return has && !v.Null }

// text is "" where there is none.
func (c *Call) text(name string) string { return c.values[name].Text }

func (c *Call) optionalText(name string) *string {
	if !c.given(name) {
		return nil
	}
	t := c.text(name)
	return &t
}

// vector reads a value that was checked.
func (c *Call) vector(name string, typ table.Type) table.Vector {
	v := table.Vector{Type: typ}
	_ = v.AppendText(c.text(name)) // bind has checked it
	return v
}

// integer is 0 where there is none.
func (c *Call) integer(name string) int {
	if !c.given(name) {
		return 0
	}
	v := c.vector(name, table.Int32Type)
	return int(v.Int32s[0])
}

func (c *Call) optionalInteger(name string) *int {
	if !c.given(name) {
		return nil
	}
	n := c.integer(name)
	return &n
}

func (c *Call) optionalFloat(name string) *float64 {
	if !c.given(name) {
		return nil
	}
	v := c.vector(name, table.Float64Type)
	return &v.Float64s[0]
}

// bool is false where there is none.
func (c *Call) bool(name string) bool {
	if !c.given(name) {
		return false
	}
	v := c.vector(name, table.BoolType)
	return v.Bools[0]
}

func (c *Call) bytes(name string) []byte {
	if !c.given(name) {
		return nil
	}
	v := c.vector(name, table.BytesType)
	return v.Bytes[0]
}

// integers reads an array of integers without NULLs.
func (c *Call) integers(name string) ([]int, error) {
	if !c.given(name) {
		return nil, nil
	}
	v := table.Vector{Type: table.Int32ArrayType}
	if err := v.AppendText(c.text(name)); err != nil {
		return nil, &Error{Code: "22P02", Message: fmt.Sprintf("argument %s: %v", name, err)}
	}
	list, err := v.Ints(0)
	if err != nil {
		return nil, invalid("argument %s: %v", name, err)
	}
	return list, nil
}

// lists reads an array of arrays of text. NULLs at the end of an inner array stand for NULL, or fill it up to the length of the others.
func (c *Call) lists(name string) ([][]*string, error) {
	if !c.given(name) {
		return nil, nil
	}
	a, err := table.ParseArray(c.text(name))
	if err != nil {
		return nil, &Error{Code: "22P02", Message: fmt.Sprintf("argument %s: %v", name, err)}
	}
	if len(a.Shape) != 2 {
		return nil, invalid("%s must be an array of arrays, one for each dependent variable, such as ARRAY[ARRAY['a', 'b']]; found %d dimensions", name, len(a.Shape))
	}
	out := make([][]*string, a.Shape[0])
	for i := range out {
		for j := range a.Shape[1] {
			k := i*a.Shape[1] + j
			if a.Null != nil && a.Null[k] {
				out[i] = append(out[i], nil)
			} else {
				out[i] = append(out[i], &a.Elems[k])
			}
		}
	}
	return out, nil
}
