package main

import (
	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/pipelines"
)

// The groups of the root's help.
const (
	groupStart  = "start"
	groupTables = "tables"
	groupModels = "models"
	groupUse    = "use"
	groupRuns   = "runs"
)

func newRoot(a *app) *cobra.Command {
	cobra.EnableCommandSorting = false // the help lists commands in the order of work
	root := &cobra.Command{
		Use:   "beamfit COMMAND",
		Short: "Train Keras-defined networks where the rows live",
		Long: `beamfit trains Keras-defined neural networks on the rows of a PostgreSQL database or of a folder of files,
and evaluates and predicts with them. It does what Apache MADlib's madlib_keras functions do, as Apache
Beam pipelines, with nothing installed inside the database; beamfit help madlib lists them.`,
		Example: `beamfit quickstart
beamfit fit --help
BEAMFIT_DB=postgres://me@localhost/iris beamfit show iris_model_summary --expanded`,
		Args: func(root *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(root, args[0])
			}
			return nil
		},
		RunE:                       func(root *cobra.Command, _ []string) error { return root.Help() },
		SilenceErrors:              true,
		SilenceUsage:               true,
		DisableFlagsInUseLine:      true,
		SuggestionsMinimumDistance: 2,
	}
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: "To begin with"},
		&cobra.Group{ID: groupTables, Title: "Tables"},
		&cobra.Group{ID: groupModels, Title: "Models"},
		&cobra.Group{ID: groupUse, Title: "Using models"},
		&cobra.Group{ID: groupRuns, Title: "Following runs"},
	)
	root.AddCommand(
		quickstartCommand(a),
		importCommand(a), exportCommand(a), showCommand(a), dropCommand(a), splitCommand(a), preprocessCommand(a),
		loadModelCommand(a), exportModelCommand(a), deleteModelCommand(a), loadFunctionCommand(a), loadTopKCommand(a), deleteFunctionCommand(a), planCommand(a), fitCommand(a),
		evaluateCommand(a), predictCommand(a), predictBYOMCommand(a), plotCommand(a), reportCommand(a), serveCommand(a),
		runsCommand(a), resumeCommand(a),
		runnersCommand(a), gpusCommand(a), completionCommand(a), versionCommand(a),
	)
	root.CompletionOptions.DisableDefaultCmd = true // ours checks its argument
	root.SetHelpCommand(helpCommand())
	addGlobalFlags(root, a)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetHelpFunc(writeHelp)
	root.SetFlagErrorFunc(flagError)
	return root
}

// logLevelNames are the values of --log-level.
var logLevelNames = []string{"debug", "info", "warn", "error"}

func addGlobalFlags(root *cobra.Command, a *app) {
	fs := root.PersistentFlags()
	fs.SortFlags = false
	define(fs, flagvalue.Of(&a.db, flagvalue.Given), "db", "URL", "$BEAMFIT_DB, else file:beamfit-data",
		"store that holds the tables: file:DIR, postgres://... or postgresql://...; others on this machine see a password in it for a moment: "+
			"keep that in BEAMFIT_DB, PGPASSWORD, .pgpass or a service file")
	a.stallTimeout = table.DefaultStallTimeout
	define(fs, flagvalue.Of(&a.stallTimeout, flagvalue.Duration), "stall-timeout", "DURATION", "3m",
		"give up when nothing moves on a connection to PostgreSQL for so long and the server is not at work; 0: never")
	a.runner = pipelines.DirectRunner
	defineChoice(root, fs, &a.runner, "runner", "RUNNER", pipelines.Runners(), a.runner, "Beam runner of the pipelines; beamfit runners explains its flags")
	addRunnerFlags(fs, a)
	define(fs, flagvalue.Of(&a.prismOpenPort, flagvalue.Bool), "prism-open-port", "", "off",
		"let prism listen for everybody who reaches this machine, who can then run programs as you").NoOptDefVal = "true"
	define(fs, flagvalue.Of(&a.workers, flagvalue.Count), "workers", "N", "one per CPU",
		"most shards, partitions or slices of a batch at a time; no result depends on it")
	define(fs, flagvalue.Of(&a.memory, flagvalue.Bytes), "memory", "SIZE", "half of the machine's",
		"most packed rows in the memory of each worker, such as 8GB or 512MiB; shards beyond it are read from scratch files, to the same results")
	defineChoice(root, fs, &a.kernels, "kernels", "VARIANT", kernels.Variants(), "the best that this machine has, or $"+kernels.VariantEnv,
		"vector instructions to compute with, here and on all workers; results differ in their last bits")
	a.logLevel = "warn"
	defineChoice(root, fs, &a.logLevel, "log-level", "LEVEL", logLevelNames, a.logLevel, "least severity of log messages on standard error")
	define(fs, flagvalue.Of(&a.quiet, flagvalue.Bool), "quiet", "", "off", "write nothing but errors and the tables asked for").NoOptDefVal = "true"
	define(fs, flagvalue.Of(&a.noProgress, flagvalue.Bool), "no-progress", "", "off", "write no progress").NoOptDefVal = "true"
	fs.Bool("help", false, "show this help") // cobra looks for it; defined here so that it has no one-letter form
}
