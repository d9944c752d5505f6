package main

import (
	"context"
	"errors"
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
		long: `Remove tables, so that a scheduled job can write them again. All go at once; where one of them does not exist, or cannot
be removed, or is being made by another command, or the command is killed, none goes. A reader that has begun reads on.`,
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
		t.tables = append(t.tables, name)
	}
	return table.CheckNames(t.tables)
}

func (t *dropTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		if err := t.checkUnclaimed(ctx, store); err != nil {
			return err
		}
		dropped, err := store.Drop(ctx, t.tables, t.ifExists)
		if err != nil {
			return err
		}
		for _, name := range t.tables {
			if slices.Contains(dropped, name) {
				a.say("%s: dropped", name)
			} else {
				a.say("%s: does not exist", name)
			}
		}
		return nil
	})
}

// checkUnclaimed reports a table that another command is making, as a warm start does of a model that is there: it would come back.
// What else may be wrong with a name says Drop.
func (t *dropTask) checkUnclaimed(ctx context.Context, store table.Store) error {
	if none, err := hasNothing(ctx, store); none || err != nil {
		return err // a claim would make a store that is not there
	}
	for _, name := range t.tables {
		claim, err := store.Claim(ctx, table.ClaimNote("drop", ""), name)
		switch {
		case err == nil:
			claim.Release()
		case errors.Is(err, table.ErrClaimed):
			return err
		}
	}
	return nil
}

// hasNothing tells whether a store has neither tables nor runs, as one that is not there yet: then nobody makes a table in it.
func hasNothing(ctx context.Context, store table.Store) (bool, error) {
	names, err := store.List(ctx)
	if err != nil || len(names) > 0 {
		return false, err
	}
	runs, err := store.Runs(ctx)
	return len(runs) == 0, err
}
