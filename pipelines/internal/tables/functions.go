package tables

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/nearest"
)

// ObjectSchema is that of an object table: one row per function, whose text is the object.
var ObjectSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "name", Type: table.TextType},
	{Name: "description", Type: table.TextType},
	{Name: "object", Type: table.BytesType},
}

// IsPickle tells whether bytes are a pickle: one of protocol 2 or later begins with its opcode, and no earlier one is a function.
func IsPickle(object []byte) bool { return bytes.HasPrefix(object, []byte{0x80}) }

func PickleError(name string) error {
	return fmt.Errorf("function %s: the object is a Python pickle, which only Python can read, and by running it: write the function as text "+
		"(docs/functions.md), such as the def that was pickled, and add it with load-function", name)
}

// A Function is a row of an object table.
type Function struct {
	Name, Text  string
	Description *string // nil: none
}

// AddFunction adds a function to an object table, which is made where there is none, and returns its id: one more than the highest
// there, or 1. With replace it takes the place and the id of the one that has its name, where there is one.
func AddFunction(ctx context.Context, store table.Store, text string, f Function, replace bool) (id int, err error) {
	name, err := ParseName("object", text)
	if err != nil {
		return 0, err
	}
	err = store.Mutate(ctx, name, func(tx table.Tx) error {
		if err := haveTable(tx, name, ObjectSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"id", "name"})
		if err != nil {
			return err
		}
		taken := false
		for i := range b.Rows {
			if other, err := b.Cols[1].Text(i); err == nil && other == f.Name {
				taken = true
			}
		}
		switch {
		case !taken:
			id, err = nextID(&b.Cols[0])
		case !replace:
			err = fmt.Errorf("the function %s already exists; delete-function removes it", f.Name)
		default:
			var old int64
			if old, err = findFunction(b, f.Name, 0); err == nil {
				id, err = takePlace(tx, "id", old)
			}
		}
		if err != nil {
			return err
		}
		return tx.Insert(f.row(tx.Schema(), id))
	})
	if err != nil {
		return 0, about("object", name, err)
	}
	return id, nil
}

// row is the row of a new function; columns that are not beamfit's stay NULL.
func (f Function) row(s table.Schema, id int) *table.Batch {
	values := map[string]any{"id": id, "name": f.Name, "object": []byte(f.Text)}
	if f.Description != nil {
		values["description"] = *f.Description
	}
	return rowOf(s, values)
}

// DeleteFunction removes a function from an object table, and the table with its last function. The function is that of a name, or where
// it is "" that of an id.
func DeleteFunction(ctx context.Context, store table.Store, text, name string, id int) error {
	return deleteRow(ctx, store, "object", text, ObjectSchema, []string{"id", "name"}, func(b *table.Batch) (int64, error) {
		return findFunction(b, name, id)
	})
}

// findFunction is the id of a function in the columns id and name.
func findFunction(b *table.Batch, name string, id int) (int64, error) {
	ids := map[int64]int{}
	found, at := false, int64(0)
	for i := range b.Rows {
		n, err := b.Cols[0].Int(i)
		if err != nil {
			continue
		}
		ids[n]++
		other, _ := b.Cols[1].Text(i) // NULL is the name of none
		if name != "" && other == name || name == "" && n == int64(id) {
			found, at = true, n
		}
	}
	switch {
	case !found && name != "":
		return 0, fmt.Errorf("there is no function %s; %s", name, nearest.Known(name, texts(&b.Cols[1])))
	case !found:
		return 0, fmt.Errorf("no function has the id %d; known: %s", id, strings.Join(texts(&b.Cols[0]), ", "))
	case name != "" && ids[at] > 1:
		return 0, fmt.Errorf("the id %d of function %s is that of other functions too", at, name)
	}
	return at, nil
}

// texts are the values of a column as texts, but for those that are NULL.
func texts(v *table.Vector) (all []string) {
	for i := range v.Len() {
		if value := v.Value(i); value != nil && len(all) < math.MaxInt16 {
			all = append(all, fmt.Sprint(value))
		}
	}
	return all
}
