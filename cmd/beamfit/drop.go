package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/io/table"
)

type dropTask struct {
	tables   []table.Name
	ifExists bool
}

func dropCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "drop", group: groupTables,
		short: "Remove tables",
		long: `Remove tables, so that a scheduled job can write them again. Where one of them does not exist nothing is removed. Each
goes at once; a reader that has begun reads on.`,
		args:    []argument{{name: "TABLE", usage: "table to remove", more: true, fills: fillTable}},
		example: "beamfit drop iris_predict\nbeamfit drop iris_model iris_model_summary --if-exists",
	}, &dropTask{})
}

func (t *dropTask) define(f flags) {
	f.toggle(&t.ifExists, "if-exists", "pass over tables that do not exist")
}

func (t *dropTask) validate(args []string, _ func(string) bool) error {
	for _, arg := range args {
		name, err := table.ParseName(arg)
		if err != nil {
			return err
		}
		if slices.Contains(t.tables, name) {
			return fmt.Errorf("table %s is named twice", name)
		}
		t.tables = append(t.tables, name)
	}
	return nil
}

func (t *dropTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		for _, name := range t.tables {
			if _, err := store.Lookup(ctx, name); err != nil && !t.passesOver(err) {
				return err
			}
		}
		for _, name := range t.tables {
			switch err := store.Mutate(ctx, name, table.Tx.Drop); {
			case err == nil:
				a.say("%s: dropped", name)
			case t.passesOver(err):
				a.say("%s: does not exist", name)
			default:
				return err
			}
		}
		return nil
	})
}

// passesOver says whether an error is no reason to stop.
func (t *dropTask) passesOver(err error) bool { return t.ifExists && errors.Is(err, table.ErrNotExist) }
