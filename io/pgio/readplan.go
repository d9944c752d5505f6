package pgio

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A readPlan is how rows are asked for and decoded.
type readPlan struct {
	schema     table.Schema
	selectList string
	columns    []decoder
}

// planRead chooses for each column what is sent, and how it is decoded: numbers, booleans and bytea as they are,
// everything else as text that the server makes.
func planRead(all []column, names, float32s []string) (readPlan, error) {
	if names == nil {
		names = schemaOf(all).Names()
	}
	var plan readPlan
	var list []string
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
		list = append(list, expr)
		plan.schema = append(plan.schema, c.Column)
		plan.columns = append(plan.columns, newDecoder(c.Type, kind))
	}
	for _, name := range float32s {
		if plan.schema.Index(name) < 0 {
			return plan, fmt.Errorf("column %q is wanted as float32 but is not among the columns read", name)
		}
	}
	plan.selectList = strings.Join(list, ", ")
	return plan, nil
}
