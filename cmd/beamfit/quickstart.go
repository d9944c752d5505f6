package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/iris"
	"github.com/beamfit/beamfit/io/shellwords"
	"github.com/beamfit/beamfit/io/table"
)

// quickstartDir is the folder that quickstart makes.
const quickstartDir = "beamfit-quickstart"

type quickstartTask struct {
	dir   string
	share bool
}

func quickstartCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "quickstart", group: groupStart, pipelines: true,
		short: "Run a whole example: split, pack, train, evaluate, predict",
		long: `Run the iris example of MADlib's page from its 150 rows to transfer learning, and print every command before its output.

It makes the folder DIR with the input files, and the tables in the store that --db or BEAMFIT_DB names, else in DIR/data.
It refuses to run where the folder or one of the tables exists. Remove the folder to run it again.`,
		args:    []argument{{name: "DIR", usage: "folder to make (default " + quickstartDir + ")", optional: true}},
		example: "beamfit quickstart\nbeamfit quickstart /tmp/iris --db postgres://me@localhost/test",
	}, &quickstartTask{})
}

func (t *quickstartTask) define(f flags) { f.shared(&t.share) }

func (t *quickstartTask) validate(args []string, _ func(string) bool) error {
	t.dir = quickstartDir
	if len(args) > 0 {
		t.dir = args[0]
	}
	return nil
}

func (t *quickstartTask) run(ctx context.Context, a *app) error {
	if a.runnerOptions["dry_run"] == "true" {
		return usageError{errors.New("quickstart has no dry run (--dry-run): each of its commands needs what the one before has made")}
	}
	if a.db == "" && os.Getenv(table.EnvURL) == "" {
		a.db = "file:" + filepath.Join(t.dir, "data")
	}
	steps := quickstartSteps(t.dir)
	ref, err := t.prepare(ctx, a, steps)
	if err != nil {
		return err
	}
	a.say("# The input files are in %s, the tables in this store:", t.dir)
	a.say("$ export %s=%s", table.EnvURL, shellwords.Quote(ref))
	for i, s := range steps {
		if !slices.ContainsFunc(steps[i:], func(s quickstartStep) bool { return s.makes != nil }) {
			ctx = context.WithoutCancel(ctx) // all tables are made, and what is left shows them
		}
		if s.comment != "" {
			a.say("\n# %s", s.comment)
		}
		if err := s.run(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// prepare checks that nothing would be overwritten, shares the store where that is asked for, writes the input files and returns the store's address.
func (t *quickstartTask) prepare(ctx context.Context, a *app, steps []quickstartStep) (ref string, err error) {
	if _, err := os.Lstat(t.dir); err == nil {
		return "", fmt.Errorf("folder %s exists; quickstart overwrites nothing: remove it or name another folder", t.dir)
	}
	err = a.withStore(ctx, func(store table.Store) error {
		ref = store.Ref()
		for _, s := range steps {
			for _, name := range s.makes {
				_, err := store.Lookup(ctx, table.Name{Table: name})
				if err == nil {
					return fmt.Errorf("table %s exists in %s; quickstart overwrites nothing", name, ref)
				}
				if !errors.Is(err, table.ErrNotExist) {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := a.share(ctx, t.share); err != nil {
		return "", err
	}
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return "", err
	}
	return ref, fs.WalkDir(iris.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := iris.Files.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(t.dir, path), data, 0o644)
	})
}

// command runs a command line as if it were typed with the global flags of this one, and prints it first.
func (a *app) command(ctx context.Context, args ...string) error {
	global := append(a.runnerArguments(), fmt.Sprintf("--prism-open-port=%t", a.prismOpenPort), fmt.Sprintf("--workers=%d", a.workers))
	if a.memory > 0 {
		global = append(global, fmt.Sprintf("--memory=%d", a.memory))
	}
	return a.call(ctx, "", args, global)
}
