package pgio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A readPlan is how rows are asked for and decoded.
type readPlan struct {
	schema     table.Schema
	columns    []decoder
	selectList string
	names      string // of the columns that it selects from
	number     string // a name that no column of the table has
}

// planRead chooses for each column what is sent, and how it is decoded: numbers, booleans and bytea as they are,
// everything else as text that the server makes.
func planRead(all []column, names, float32s []string) (readPlan, error) {
	if names == nil {
		names = schemaOf(all).Names()
	}
	var plan readPlan
	var list, selected []string
	for _, name := range names {
		i := slices.IndexFunc(all, func(c column) bool { return c.Name == name })
		if i < 0 {
			return plan, &table.ColumnError{Column: name, Columns: schemaOf(all).Names()}
		}
		c := all[i]
		expr := quote(c.Name)
		kind := c.Type.Kind
		switch {
		case slices.Contains(float32s, name):
			if !c.Type.Array || !c.Type.IsNumber() {
				return plan, fmt.Errorf("column %q has type %s, which cannot be read as float32: expected an array of numbers", c.Name, c.Type)
			}
			c.Type = table.Float32ArrayType
		case kind == table.Numeric || kind == table.Other || kind == table.Text:
			kind = table.Text
			if c.elem.oid != oidText && c.elem.oid != oidVarchar {
				cast := "::pg_catalog.text"
				if c.Type.Array {
					cast = "::pg_catalog.text[]"
				}
				expr += cast
			}
		}
		list, selected = append(list, expr), append(selected, quote(c.Name))
		plan.schema = append(plan.schema, c.Column)
		plan.columns = append(plan.columns, newDecoder(c.Type, kind))
	}
	for _, name := range float32s {
		if plan.schema.Index(name) < 0 {
			return plan, fmt.Errorf("column %q is wanted as float32 but is not among the columns read", name)
		}
	}
	plan.selectList, plan.names, plan.number = strings.Join(list, ", "), strings.Join(selected, ", "), "n"
	for slices.ContainsFunc(all, func(c column) bool { return c.Name == plan.number }) {
		plan.number += "n"
	}
	return plan, nil
}

// maxPlaces is the most rows that are looked at by their places: the server remembers those of all of them, in about 40 bytes each.
const maxPlaces = 1 << 20

// query selects the rows of a partition, from a server of that version: of a heap some of them, where only some are wanted. No value of other rows
// is converted or sent then: of a table of arrays that is most of the server's work. Rows behind the last of them are not looked at. A view
// could give its rows in another order to such a query, so it is asked for all (picked).
func (plan readPlan) query(p table.Partition, token partitionToken, only *table.Selection, version int) string {
	switch {
	case only == nil || !token.Heap:
		return fmt.Sprintf("SELECT %s FROM %s", plan.selectList, quoteName(p.Table)+token.where())
	case lookedAt(only) <= maxPlaces:
		return plan.byPlace(p, token, only)
	}
	return plan.byNumber(p, token, only, version)
}

// lookedAt is the number of rows up to the last that is wanted.
func lookedAt(only *table.Selection) int64 { return 8 * int64(len(only.Bits())) }

// byPlace collects the places of the rows, without any of their values, and fetches those that are wanted by theirs, which the server does in
// the order of places.
func (plan readPlan) byPlace(p table.Partition, token partitionToken, only *table.Selection) string {
	from := quoteName(p.Table)
	return fmt.Sprintf("SELECT %s FROM %s WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY("+
		"SELECT (ARRAY(SELECT ctid FROM %s LIMIT %d))[n] FROM pg_catalog.unnest('{%s}'::pg_catalog.int4[]) n))",
		plan.selectList, from, from+token.where(), lookedAt(only), ordinals(only, p.FirstRow))
}

// ordinals are the numbers of the selected rows in the partition, from 1, with commas between them.
func ordinals(only *table.Selection, first int64) string {
	var list []byte
	for row := only.Next(first); row >= 0; row = only.Next(row + 1) {
		if list != nil {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, row-first+1, 10)
	}
	return string(list)
}

// byNumber numbers the rows as they come, and remembers none of them.
func (plan readPlan) byNumber(p table.Partition, token partitionToken, only *table.Selection, version int) string {
	number := quote(plan.number)
	inner := strings.TrimPrefix(plan.names+", ", ", ")
	n := number + " OPERATOR(pg_catalog.-) 1"
	if version < 14 { // its get_bit knows integers only
		n = "(" + n + ")::pg_catalog.int4"
	}
	return fmt.Sprintf("SELECT %s FROM (SELECT %spg_catalog.row_number() OVER () AS %s FROM %s) t "+
		"WHERE pg_catalog.get_bit(pg_catalog.decode('%x', 'hex'), %s) OPERATOR(pg_catalog.=) 1 LIMIT %d",
		plan.selectList, inner, number, quoteName(p.Table)+token.where(), only.Bits(), n, only.Len())
}
