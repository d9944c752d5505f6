package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

// annotRunners marks the flags of runners, which "beamfit runners" explains, and no other command.
const annotRunners = "beamfit_runners"

// addRunnerFlags adds a flag for every option of a runner, and --beam-option for those that only the engine knows.
func addRunnerFlags(fs *pflag.FlagSet, a *app) {
	a.runnerOptions = map[string]string{}
	var flags []*pflag.Flag
	for _, o := range pipelines.RunnerOptions() {
		f := define(fs, flagvalue.Into(a.runnerOptions, o.Name), flagName(o.Name), o.Placeholder, o.Default, o.Usage)
		if o.Placeholder == "" {
			f.NoOptDefVal = "true"
		}
		flags = append(flags, f)
	}
	flags = append(flags, define(fs, flagvalue.Pair(a.runnerOptions), "beam-option", "NAME=VALUE", none,
		"any option of the engine by its name in Beam, as environment_cache_millis=60000; several times"))
	for _, f := range flags {
		f.Annotations[annotRunners] = []string{"true"}
	}
}

// flagName is the flag of an option.
func flagName(option string) string { return strings.ReplaceAll(option, "_", "-") }

// runnerArguments are the flags that give another command line the runner of this one.
func (a *app) runnerArguments() []string {
	args := []string{"--runner", a.runner}
	for _, name := range slices.Sorted(maps.Keys(a.runnerOptions)) {
		args = append(args, "--beam-option", name+"="+a.runnerOptions[name])
	}
	return args
}

type runnersTask struct{ cmd *cobra.Command }

func runnersCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:  "runners",
		short: "Explain the runners and their flags",
		long: `Explain where pipelines run. --runner direct and prism run them in the process of the command. --runner flink sends them
to a Beam job service in front of an Apache Flink cluster, --runner dataflow to Google Cloud Dataflow; this program is then
the worker, too. The guide has a page for Flink, docs/flink.md.

The flags of a runner are refused with another one. Passwords of a database do not travel: workers take them from BEAMFIT_DB
or PGPASSWORD in their own environment.`,
		example: `beamfit fit iris_train_packed iris_model ... --runner flink --endpoint localhost:8099 --flink-rest http://localhost:8081
beamfit preprocess iris iris_packed ... --runner dataflow --dry-run --out job --project p --region r \
  --staging-location gs://bucket/beamfit`,
	}, &runnersTask{})
}

func (t *runnersTask) define(f flags) { t.cmd = f.cmd }

func (*runnersTask) validate([]string, func(string) bool) error { return nil }

func (t *runnersTask) run(context.Context, *app) error { return t.cmd.Help() }

// writeRunners lists the flags of every runner.
func writeRunners(w io.Writer, global *pflag.FlagSet) {
	for _, name := range pipelines.Runners() {
		t := flagTable(global, func(flag string) bool {
			return slices.ContainsFunc(pipelines.RunnerOptions(), func(o pipelines.RunnerOption) bool {
				return flagName(o.Name) == flag && slices.Contains(o.Runners, name)
			})
		})
		if pipelines.IsEngine(name) {
			t = append(t, flagTable(global, func(flag string) bool { return flag == "beam-option" })...)
		}
		if len(t) > 0 {
			fmt.Fprintf(w, "\nFlags of --runner %s:\n", name)
			t.write(w)
		}
	}
}

// notRun tells of a dry run, which ends a command without its results.
func (a *app) notRun(err error) bool {
	if !errors.Is(err, pipelines.ErrNotRun) {
		return false
	}
	a.say("dry run: the first job is in %s, and nothing was run", a.runnerOptions["out"])
	return true
}
