package tables

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// ArchSchema is that of an architecture table: one row per model.
var ArchSchema = table.Schema{
	{Name: "model_id", Type: table.Int32Type},
	{Name: "model_arch", Type: table.JSONType},
	{Name: "model_weights", Type: table.BytesType},
	{Name: "name", Type: table.TextType},
	{Name: "description", Type: table.TextType},
	{Name: "__internal_madlib_id__", Type: table.TextType},
}

// An Architecture is a row of an architecture table.
type Architecture struct {
	Arch              []byte
	Weights           []byte // in MADlib's byte form; nil: none
	Name, Description *string
}

// AddArchitecture adds a model to an architecture table, which is made where there is none, and returns its id: one more than the
// highest there, or 1. With replace it takes the place and the id of the one that has its name, where there is one.
func AddArchitecture(ctx context.Context, store table.Store, name table.Name, a Architecture, replace bool) (id int, err error) {
	err = store.Mutate(ctx, name, func(tx table.Tx) error {
		if err := haveTable(tx, name, ArchSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"model_id", "name"})
		if err != nil {
			return err
		}
		old, found := int64(0), false
		if replace {
			if old, found, err = namedModel(b, *a.Name); err != nil {
				return err
			}
		}
		if found {
			id, err = takePlace(tx, "model_id", old)
		} else {
			id, err = nextID(&b.Cols[0])
		}
		if err != nil {
			return err
		}
		return tx.Insert(a.row(tx.Schema(), id))
	})
	if err != nil {
		return 0, about("architecture", name, err)
	}
	return id, nil
}

// namedModel is the id of the model of that name in the columns model_id and name. Names need not be unique there.
func namedModel(b *table.Batch, name string) (id int64, found bool, err error) {
	ids := map[int64]int{}
	for i := range b.Rows {
		n, err := b.Cols[0].Int(i)
		if err != nil {
			continue
		}
		ids[n]++
		if other, err := b.Cols[1].Text(i); err != nil || other != name {
			continue
		}
		if found {
			return 0, false, fmt.Errorf("the models %d and %d have the name %q: which of them is to be replaced is not known; delete-model removes one", id, n, name)
		}
		id, found = n, true
	}
	if found && ids[id] > 1 {
		return 0, false, fmt.Errorf("the model_id %d of the model %q is that of other models too", id, name)
	}
	return id, found, nil
}

// row is the row of a new model; columns that are not beamfit's stay NULL.
func (a Architecture) row(s table.Schema, id int) *table.Batch {
	values := map[string]any{
		"model_id": id, "model_arch": string(a.Arch), "__internal_madlib_id__": rand.Text(),
	}
	if a.Weights != nil {
		values["model_weights"] = a.Weights
	}
	if a.Name != nil {
		values["name"] = *a.Name
	}
	if a.Description != nil {
		values["description"] = *a.Description
	}
	return rowOf(s, values)
}

// DeleteArchitecture removes a model from an architecture table, and the table with its last model.
func DeleteArchitecture(ctx context.Context, store table.Store, text string, id int) error {
	return deleteRow(ctx, store, "architecture", text, ArchSchema, []string{"model_id"}, func(b *table.Batch) (int64, error) {
		for i := range b.Rows {
			if n, err := b.Cols[0].Int(i); err == nil && n == int64(id) {
				return n, nil
			}
		}
		return 0, noModel(id, &b.Cols[0])
	})
}

// ReadArchitecture reads the model of that id. Of several rows with the id it takes the first.
func ReadArchitecture(ctx context.Context, store table.Store, text string, id int) (*Model, error) {
	snap, err := OpenInput(ctx, store, "architecture", text)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	name := snap.Info().Name
	if err := checkTable(name, snap.Info().Schema, ArchSchema); err != nil {
		return nil, about("architecture", name, err)
	}
	ids, err := ReadAll(ctx, store, snap, []string{"model_id"})
	if err != nil {
		return nil, err
	}
	row := 0
	for ; row < ids.Rows; row++ {
		if n, err := ids.Cols[0].Int(row); err == nil && n == int64(id) {
			break
		}
	}
	if row == ids.Rows {
		return nil, about("architecture", name, noModel(id, &ids.Cols[0]))
	}
	var m *Model
	opt := table.ReadOptions{Columns: []string{"model_arch", "model_weights"}}
	err = AtRow(ctx, store, snap, opt, int64(row), func(b *table.Batch, i int) (err error) {
		m, err = storedAt(b, i)
		return err
	})
	if err != nil {
		return nil, ofModel(name, id, err)
	}
	return m, nil
}

// OfModel is an error about the model that ReadArchitecture has read of the table of that name.
func OfModel(text string, id int, err error) error {
	name, _ := table.ParseName(text) // which was read
	return ofModel(name, id, err)
}

func ofModel(name table.Name, id int, err error) error {
	return about("architecture", name, fmt.Errorf("model_id %d: %w", id, err))
}

// noModel is the error for an id that is not in the table.
func noModel(id int, ids *table.Vector) error {
	const most = 10
	var known []string
	for i := range ids.Len() {
		if n, err := ids.Int(i); err == nil {
			if len(known) == most {
				known = append(known, "...")
				break
			}
			known = append(known, fmt.Sprint(n))
		}
	}
	return fmt.Errorf("no model has model_id %d; those that exist: %s", id, strings.Join(known, ", "))
}
