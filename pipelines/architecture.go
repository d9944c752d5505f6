package pipelines

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
)

// archSchema is that of an architecture table: one row per model.
var archSchema = table.Schema{
	{Name: "model_id", Type: table.Int32Type},
	{Name: "model_arch", Type: table.JSONType},
	{Name: "model_weights", Type: table.BytesType},
	{Name: "name", Type: table.TextType},
	{Name: "description", Type: table.TextType},
	{Name: "__internal_madlib_id__", Type: table.TextType},
}

// LoadModel adds a model to an architecture table, which it creates where there is none, and returns the model's id: one
// more than the highest there, or 1. The JSON is checked whole and stored as it is, but for the dimensions of inputs that it leaves open,
// and without what is around the JSON (see keras.Text); weights must have the length that the architecture needs.
func LoadModel(ctx context.Context, env Env, opt LoadModelOptions) (int, error) {
	j, err := env.begin(ctx, "load-model", 0, listeners{})
	if err != nil {
		return 0, err
	}
	defer j.end()
	name, err := parseTable("architecture", opt.ArchTable)
	if err != nil {
		return 0, err
	}
	if opt.Weights != nil && opt.WeightsFrom != "" {
		return 0, argumentErrorf("weights are given twice: as bytes and from a model table")
	}
	if opt.InputShapes != nil {
		if opt.Arch, err = keras.Close(opt.Arch, opt.InputShapes); err != nil {
			return 0, dataArgument(fmt.Errorf("model: %w", err))
		}
	}
	given, err := newArchitecture(opt.Arch)
	if err != nil {
		return 0, dataArgument(err)
	}
	opt.Arch = given.arch
	data := opt.Weights
	if err := given.addWeights(data); err != nil {
		return 0, dataArgument(fmt.Errorf("model: %w", err))
	}
	if opt.WeightsFrom != "" {
		from, err := readModel(ctx, j.Store, opt.WeightsFrom)
		if err != nil {
			return 0, fmt.Errorf("weights: %w", err)
		}
		data = weights.Encode(from.weights)
		if err := given.addWeights(data); err != nil {
			return 0, fmt.Errorf("model: %w", err)
		}
	}
	id := 0
	err = j.Store.Mutate(ctx, name, func(tx table.Tx) error {
		if err := haveTable(tx, name, archSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"model_id"})
		if err != nil {
			return err
		}
		if id, err = nextID(&b.Cols[0]); err != nil {
			return err
		}
		return tx.Insert(archRow(tx.Schema(), id, data, opt))
	})
	if err != nil {
		return 0, fmt.Errorf("architecture table %s: %w", name, err)
	}
	return id, nil
}

// archRow is the row of a new model; columns that are not beamfit's stay NULL.
func archRow(s table.Schema, id int, data []byte, opt LoadModelOptions) *table.Batch {
	values := map[string]any{
		"model_id": id, "model_arch": string(opt.Arch), "__internal_madlib_id__": rand.Text(),
	}
	if data != nil {
		values["model_weights"] = data
	}
	if opt.Name != nil {
		values["name"] = *opt.Name
	}
	if opt.Description != nil {
		values["description"] = *opt.Description
	}
	return rowOf(s, values)
}

// DeleteModel removes a model from an architecture table, and the table with its last model.
func DeleteModel(ctx context.Context, env Env, opt DeleteModelOptions) error {
	j, err := env.begin(ctx, "delete-model", 0, listeners{})
	if err != nil {
		return err
	}
	defer j.end()
	snap, err := openInput(ctx, j.Store, "architecture", opt.ArchTable)
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
		if err := checkTable(name, tx.Schema(), archSchema); err != nil {
			return err
		}
		b, err := tx.Rows([]string{"model_id"})
		if err != nil {
			return err
		}
		n, err := tx.Delete("model_id", int64(opt.ID))
		if err != nil {
			return err
		}
		if n == 0 {
			return noModel(opt.ID, &b.Cols[0])
		}
		if int64(b.Rows) == n {
			return tx.Drop()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("architecture table %s: %w", name, err)
	}
	return nil
}

// readArchitecture reads the model of that id. Of several rows with the id it takes the first.
func readArchitecture(ctx context.Context, store table.Store, text string, id int) (*storedModel, error) {
	snap, err := openInput(ctx, store, "architecture", text)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	name := snap.Info().Name
	if err := checkTable(name, snap.Info().Schema, archSchema); err != nil {
		return nil, fmt.Errorf("architecture table %s: %w", name, err)
	}
	ids, err := readAll(ctx, store, snap, []string{"model_id"})
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
		return nil, fmt.Errorf("architecture table %s: %w", name, noModel(id, &ids.Cols[0]))
	}
	var m *storedModel
	opt := table.ReadOptions{Columns: []string{"model_arch", "model_weights"}, BatchRows: 1}
	err = atRow(ctx, store, snap, opt, int64(row), func(b *table.Batch, i int) (err error) {
		m, err = storedAt(b, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("architecture table %s, model_id %d: %w", name, id, err)
	}
	return m, nil
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
