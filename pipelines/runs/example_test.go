package runs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/runs"
)

// A program whose job other processes can see with "beamfit runs", follow and cancel.
func Example() {
	dir, err := os.MkdirTemp("", "beamfit-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	url := "file:" + filepath.Join(dir, "store")
	if err := table.MakeShared(ctx, url); err != nil {
		panic(err)
	}
	store, err := table.Open(ctx, url)
	if err != nil {
		panic(err)
	}
	defer store.Close()

	opt := pipelines.FitOptions{Source: "no_such_table", Model: "model", Compile: "loss='mse', optimizer='sgd'", Iterations: 3}
	run, runCtx := runs.Begin(ctx, store, table.Run{ID: table.NewRunID(), Command: "fit", Args: []string{opt.Source, opt.Model}})
	env := pipelines.Env{Store: store, RunID: run.ID(), Progress: run.Progress, Submitted: run.Submitted}
	_, err = pipelines.Fit(runCtx, env, opt)
	run.End(err)
	fmt.Println("does not exist:", errors.Is(err, table.ErrNotExist))

	seen, err := runs.Find(ctx, store, run.ID()[:6])
	if err != nil {
		panic(err)
	}
	fmt.Println(seen.State, seen.Command, seen.Args)
	// Output:
	// does not exist: true
	// failed fit [no_such_table model]
}
