package pgio

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// The object ids of the types that have a Kind of their own; they are the same in every PostgreSQL.
const (
	oidBool    = 16
	oidBytea   = 17
	oidInt8    = 20
	oidInt2    = 21
	oidInt4    = 23
	oidText    = 25
	oidFloat4  = 700
	oidFloat8  = 701
	oidBpchar  = 1042
	oidVarchar = 1043
	oidNumeric = 1700
)

var kinds = map[uint32]table.Kind{
	oidBool: table.Bool, oidBytea: table.Bytes, oidInt2: table.Int16, oidInt4: table.Int32, oidInt8: table.Int64,
	oidFloat4: table.Float32, oidFloat8: table.Float64, oidNumeric: table.Numeric,
	oidText: table.Text, oidVarchar: table.Text, oidBpchar: table.Text,
}

// A column is a column with what COPY needs to know about its type.
type column struct {
	table.Column
	// elem is the type of the column, or of its elements, with domains resolved.
	elem pgType
}

func schemaOf(cols []column) table.Schema {
	s := make(table.Schema, len(cols))
	for i, c := range cols {
		s[i] = c.Column
	}
	return s
}

// A pgType is a row of pg_type.
type pgType struct {
	oid, base, element uint32 // base: of a domain; element: of an array; else 0
	name               string // as pg_typeof prints it
	receive            string // the function that reads the type's binary form
	delim              string // between the elements of an array's text form
}

// binaryText are the functions that take the text form of a value as its binary form.
var binaryText = map[string]bool{
	"textrecv": true, "varcharrecv": true, "bpcharrecv": true, "json_recv": true, "enum_recv": true, "citextrecv": true,
}

// describe returns the columns of a relation.
func describe(ctx context.Context, conn *pgx.Conn, relation uint32) ([]column, error) {
	rows, err := conn.Query(ctx, `
		SELECT attname::text, atttypid::oid FROM pg_attribute
		WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, relation)
	if err != nil {
		return nil, err
	}
	type attribute struct {
		Name string
		Type uint32
	}
	attributes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[attribute])
	if err != nil {
		return nil, err
	}
	oids := make([]uint32, len(attributes))
	for i, a := range attributes {
		oids[i] = a.Type
	}
	types, err := loadTypes(ctx, conn, oids)
	if err != nil {
		return nil, err
	}
	cols := make([]column, len(attributes))
	for i, a := range attributes {
		typ, elem, err := resolve(types, a.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", a.Name, err)
		}
		cols[i] = column{Column: table.Column{Name: a.Name, Type: typ}, elem: elem}
	}
	return cols, nil
}

// loadTypes reads the types, what they are domains over and what they are arrays of: an array's element with the array, domains one
// after the other. The planner thinks a recursive query of 35 types expensive enough to compile it, which takes the server 50 to
// 150 ms for every connection.
func loadTypes(ctx context.Context, conn *pgx.Conn, oids []uint32) (map[uint32]pgType, error) {
	types, asked := map[uint32]pgType{}, map[uint32]bool{} // a type may be gone by now
	for len(oids) > 0 {
		for _, oid := range oids {
			asked[oid] = true
		}
		rows, err := conn.Query(ctx, typesQuery, oids)
		if err != nil {
			return nil, err
		}
		oids = nil
		var p pgType
		_, err = pgx.ForEachRow(rows, []any{&p.oid, &p.base, &p.element, &p.name, &p.receive, &p.delim}, func() error {
			types[p.oid] = p
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, p := range types {
			for _, next := range []uint32{p.base, p.element} {
				if _, known := types[next]; next != 0 && !known && !asked[next] && !slices.Contains(oids, next) {
					oids = append(oids, next)
				}
			}
		}
	}
	return types, nameAsUser(ctx, conn, types)
}

const typesQuery = `
	SELECT p.oid, p.typbasetype,
		-- only a type that is the array type of its element; others with typelem (point, name, ...) are scalars
		coalesce((SELECT e.oid FROM pg_type e WHERE e.oid = p.typelem AND e.typarray = p.oid), 0)::oid,
		format_type(p.oid, NULL), coalesce((SELECT proname FROM pg_proc f WHERE f.oid = p.typreceive), '')::text, p.typdelim::text
	FROM pg_type p WHERE p.oid = ANY($1::oid[]) OR p.oid IN (SELECT t.typelem FROM pg_type t WHERE t.oid = ANY($1::oid[]))`

// firstUserOID begins the object ids of what users have made.
const firstUserOID = 16384

// nameAsUser gives types that users have made the name that they have along the user's search path.
func nameAsUser(ctx context.Context, conn *pgx.Conn, types map[uint32]pgType) error {
	var made []string
	for oid := range types {
		if oid >= firstUserOID {
			made = append(made, strconv.FormatUint(uint64(oid), 10))
		}
	}
	if made == nil {
		return nil
	}
	r, err := queryInUsersPath(ctx, conn, "SELECT oid, pg_catalog.format_type(oid, NULL) FROM pg_catalog.unnest('{"+
		strings.Join(made, ",")+"}'::pg_catalog.oid[]) oid")
	if err != nil {
		return err
	}
	for _, row := range r.Rows {
		oid, err := strconv.ParseUint(string(row[0]), 10, 32)
		if err != nil {
			return err
		}
		t := types[uint32(oid)]
		t.name = string(row[1])
		types[uint32(oid)] = t
	}
	return nil
}

// resolve turns a type into a column's type and the type of its elements. A domain counts as its base type.
func resolve(types map[uint32]pgType, oid uint32) (table.Type, pgType, error) {
	base := func(oid uint32) pgType {
		for range len(types) {
			if t := types[oid]; t.base != 0 {
				oid = t.base
			}
		}
		return types[oid]
	}
	t := base(oid)
	if t.oid == 0 {
		return table.Type{}, t, fmt.Errorf("its type %d is gone", oid)
	}
	if t.element == 0 {
		return table.Type{Kind: kinds[t.oid], SQL: t.name}, t, nil
	}
	elem := base(t.element)
	return table.Type{Kind: kinds[elem.oid], SQL: elem.name}.ArrayOf(), elem, nil
}

// typeNames gives for every column's type the text that CREATE TABLE takes for it under safePath, without modifiers: "character"
// would mean character(1) there. A name that pg_catalog has is meant as that, others as the user's search path says.
func typeNames(ctx context.Context, conn *pgx.Conn, s table.Schema) ([]string, error) {
	names := make([]string, len(s))
	for i, c := range s {
		if same := slices.IndexFunc(s[:i], func(b table.Column) bool { return b.Type.SQL == c.Type.SQL }); same >= 0 {
			names[i] = names[same] // the server is asked once
			continue
		}
		var name *string
		err := conn.QueryRow(ctx, `SELECT format_type(to_regtype($1), -1)`, c.Type.SQL).Scan(&name)
		if err == nil && name == nil {
			name, err = userType(ctx, conn, c.Type.SQL)
		}
		if err != nil {
			return nil, fmt.Errorf("type %q of column %q: %w", c.Type.SQL, c.Name, err)
		}
		if name == nil {
			return nil, fmt.Errorf("type %q of column %q does not exist in this database", c.Type.SQL, c.Name)
		}
		names[i] = *name
	}
	return names, nil
}

// userType is the qualified name of a type along the user's search path, nil where there is none.
func userType(ctx context.Context, conn *pgx.Conn, name string) (qualified *string, err error) {
	oid, err := meaning(ctx, conn, "to_regtype", name)
	if err == nil && oid != 0 {
		err = conn.QueryRow(ctx, `SELECT format_type($1::oid, -1)`, oid).Scan(&qualified)
	}
	return qualified, err
}
