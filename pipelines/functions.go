package pipelines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
)

// objectSchema is that of an object table: one row per function, whose text is the object.
var objectSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "name", Type: table.TextType},
	{Name: "description", Type: table.TextType},
	{Name: "object", Type: table.BytesType},
}

// LoadFunction adds a loss or metric to an object table, which it creates where there is none, and returns the function's id: one more
// than the highest there, or 1. The text is checked as far as it can be without a network; it is stored unchanged and never run. A name
// that is in the table, or that is one of Keras', is an error.
func LoadFunction(ctx context.Context, env Env, opt LoadFunctionOptions) (int, error) {
	j, err := env.begin(ctx, "load-function", 0, listeners{})
	if err != nil {
		return 0, err
	}
	defer j.end()
	if err := CheckFunction(opt); err != nil {
		return 0, err
	}
	return addFunction(ctx, j, opt)
}

// CheckFunction makes the checks of LoadFunction that need no store.
func CheckFunction(opt LoadFunctionOptions) error {
	if err := checkFunctionName(opt.Name); err != nil {
		return argument(err)
	}
	if isPickle([]byte(opt.Text)) {
		return dataArgument(pickleError(opt.Name))
	}
	f, err := expr.Parse(opt.Name, opt.Text)
	if err == nil {
		err = f.Check()
	}
	return dataArgument(err)
}

// LoadTopK adds the metric top_K_accuracy to an object table and returns its name: 1 where fewer than K predictions of a row are higher
// than that of its class.
func LoadTopK(ctx context.Context, env Env, opt LoadTopKOptions) (string, error) {
	j, err := env.begin(ctx, "load-top-k", 0, listeners{})
	if err != nil {
		return "", err
	}
	defer j.end()
	if opt.K < 1 {
		return "", argumentErrorf("K must be at least 1, found %d", opt.K)
	}
	name := fmt.Sprintf("top_%d_accuracy", opt.K)
	description := "returns " + name
	_, err = addFunction(ctx, j, LoadFunctionOptions{
		Table: opt.Table, Name: name, Description: &description,
		Text: fmt.Sprintf("top_k_categorical_accuracy(y_true, y_pred, k=%d)", opt.K),
	})
	return name, err
}

// checkFunctionName: compile parameters must be able to name it, and mean nothing else by it.
func checkFunctionName(name string) error {
	if name == "" {
		return errors.New("the name of the function is empty")
	}
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) || r == utf8.RuneError {
			return fmt.Errorf("the name of a function must consist of letters, digits and _, and not begin with a digit, found %q", name)
		}
	}
	if metric.OfKeras(name) {
		return fmt.Errorf("the name %s is one of Keras' losses and metrics, which would be used instead: expected another one", name)
	}
	return nil
}

// isPickle tells whether bytes are a pickle: one of protocol 2 or later begins with its opcode, and no earlier one is a function.
func isPickle(object []byte) bool { return bytes.HasPrefix(object, []byte{0x80}) }

func pickleError(name string) error {
	return fmt.Errorf("function %s: the object is a Python pickle, which only Python can read, and by running it: write the function as text "+
		"(docs/functions.md), such as the def that was pickled, and add it with load-function", name)
}

// addFunction adds a row to an object table.
func addFunction(ctx context.Context, j *job, opt LoadFunctionOptions) (id int, err error) {
	name, err := parseTable("object", opt.Table)
	if err != nil {
		return 0, err
	}
	err = j.Store.Mutate(ctx, name, func(tx table.Tx) error {
		if err := haveTable(tx, name, objectSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"id", "name"})
		if err != nil {
			return err
		}
		for i := range b.Rows {
			if other, err := b.Cols[1].Text(i); err == nil && other == opt.Name {
				return fmt.Errorf("the function %s already exists; delete-function removes it", opt.Name)
			}
		}
		if id, err = nextID(&b.Cols[0]); err != nil {
			return err
		}
		return tx.Insert(functionRow(tx.Schema(), id, opt))
	})
	if err != nil {
		return 0, fmt.Errorf("object table %s: %w", name, err)
	}
	return id, nil
}

// functionRow is the row of a new function; columns that are not beamfit's stay NULL.
func functionRow(s table.Schema, id int, opt LoadFunctionOptions) *table.Batch {
	values := map[string]any{"id": id, "name": opt.Name, "object": []byte(opt.Text)}
	if opt.Description != nil {
		values["description"] = *opt.Description
	}
	return rowOf(s, values)
}

// DeleteFunction removes a function from an object table, and the table with its last function.
func DeleteFunction(ctx context.Context, env Env, opt DeleteFunctionOptions) error {
	j, err := env.begin(ctx, "delete-function", 0, listeners{})
	if err != nil {
		return err
	}
	defer j.end()
	if opt.Name != "" && opt.ID != 0 {
		return argumentErrorf("the function is given twice: by its id and by its name")
	}
	snap, err := openInput(ctx, j.Store, "object", opt.Table)
	if err != nil {
		return err
	}
	name := snap.Info().Name
	if err := snap.Close(); err != nil {
		return err
	}
	err = j.Store.Mutate(ctx, name, func(tx table.Tx) error {
		if tx.Schema() == nil {
			return table.ErrNotExist
		}
		if err := checkTable(name, tx.Schema(), objectSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"id", "name"})
		if err != nil {
			return err
		}
		id, err := idOf(b, opt)
		if err != nil {
			return err
		}
		n, err := tx.Delete("id", id)
		switch {
		case err != nil:
			return err
		case int64(b.Rows) == n:
			return tx.Drop()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("object table %s: %w", name, err)
	}
	return nil
}

// idOf finds a function in the columns id and name.
func idOf(b *table.Batch, opt DeleteFunctionOptions) (int64, error) {
	ids := map[int64]int{}
	found, at := false, int64(0)
	for i := range b.Rows {
		id, err := b.Cols[0].Int(i)
		if err != nil {
			continue
		}
		ids[id]++
		name, _ := b.Cols[1].Text(i) // NULL is the name of none
		if opt.Name != "" && name == opt.Name || opt.Name == "" && id == int64(opt.ID) {
			found, at = true, id
		}
	}
	switch {
	case !found && opt.Name != "":
		return 0, fmt.Errorf("there is no function %s; %s", opt.Name, nearest.Known(opt.Name, texts(&b.Cols[1])))
	case !found:
		return 0, fmt.Errorf("no function has the id %d; known: %s", opt.ID, strings.Join(texts(&b.Cols[0]), ", "))
	case opt.Name != "" && ids[at] > 1:
		return 0, fmt.Errorf("the id %d of function %s is that of other functions too", at, opt.Name)
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
