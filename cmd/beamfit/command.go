package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/pipelines"
)

// A task is what a subcommand does.
type task interface {
	// define adds the flags, which set fields of the task.
	define(f flags)
	// validate takes the arguments and checks what needs no store; given tells whether a flag was. Its errors are wrong
	// usage.
	validate(args []string, given func(flag string) bool) error
	// run does the work.
	run(ctx context.Context, a *app) error
}

// An about is the text of a subcommand's help.
type about struct {
	name    string
	group   string // ID of the group in the root's help
	short   string // one line
	long    string // more, whole sentences
	args    []argument
	example string // whole command lines
	// recorded: the command is a run of the store.
	recorded bool
	// pipelines: the command runs Beam pipelines, on the runner of --runner.
	pipelines bool
	// jobs: the command does a job of package pipelines that runs none, or serves jobs.
	jobs bool
	// computes: the command makes tables of what it computes with a model, with the CPU's kernels (--kernels) or on GPUs (--gpus).
	computes bool
	// calls: the global flags are those of another command, which is called with them, and checks them.
	calls bool
}

// An argument is a positional one.
type argument struct {
	name     string // in capitals
	usage    string
	optional bool
	more     bool // there may be several of the last one
	fills    completion
}

func (p argument) String() string {
	name := p.name
	if p.more {
		name += "..."
	}
	if p.optional {
		name = "[" + name + "]"
	}
	return name
}

// newCommand makes the cobra command of a task.
func newCommand(a *app, text about, t task) *cobra.Command {
	cmd := &cobra.Command{
		Use:               text.name,
		GroupID:           text.group,
		Short:             text.short,
		Long:              text.long,
		Example:           text.example,
		Args:              takes(text.args),
		ValidArgsFunction: a.completeArguments(text.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := missingFlag(cmd.Flags()); err != nil {
				return err
			}
			if err := t.validate(args, cmd.Flags().Changed); err != nil {
				return err
			}
			if !text.calls {
				if err := a.prepare(cmd, text); err != nil {
					return err
				}
			}
			if text.recorded {
				given := givenFlags(cmd, a.raw)
				if text.computes && a.kernels == "" {
					given = append(given, "--kernels="+kernels.Variant()) // the last bits depend on them, and others may be the best elsewhere
				}
				a.recording = &recording{text.name, recordedArguments(given, args)}
			}
			a.started = true
			a.startLog()
			pipelines.Sweep()
			return t.run(cmd.Context(), a)
		},
	}
	for _, arg := range text.args {
		cmd.Use += " " + arg.String()
	}
	setArguments(cmd, text.args)
	cmd.Flags().SortFlags = false
	t.define(flags{cmd})
	if text.computes {
		flags{cmd}.toggle(&a.gpus, "gpus", "compute on the NVIDIA GPUs of the machine, shard by shard (docs/gpu.md); the result differs from the CPU's in its last digits")
		flags{cmd}.gpuMath(&a.gpuMath)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if annotation(f, annotDefault) == required {
			cmd.Use += " --" + f.Name + " " + annotation(f, annotPlaceholder)
		}
	})
	return cmd
}

// prepare checks the global flags, what the environment says in their place, and --gpus, and makes this process one that can do what they ask for.
func (a *app) prepare(cmd *cobra.Command, text about) error {
	if err := pipelines.CheckRunner(a.runner, a.runnerOptions); err != nil {
		return err
	}
	if pipelines.IsEngine(a.runner) {
		a.grace.Store(int64(engineGrace))
	}
	if !text.pipelines && a.runnerOptions["dry_run"] == "true" {
		return fmt.Errorf("%s runs no pipelines, so that there is nothing to write instead of its work (--dry-run)", cmd.Name())
	}
	if a.prismOpenPort && a.runner != pipelines.PrismRunner {
		return errors.New("--prism-open-port needs --runner prism")
	}
	if cmd.Flags().Changed("gpu-math") && !cmd.Flags().Changed("gpus") {
		return errors.New("--gpu-math needs --gpus")
	}
	if a.kernels != "" {
		if err := kernels.Use(a.kernels); err != nil {
			a.started = true // the command line is right, the machine is not
			return err
		}
	}
	if err := kernels.EnvError(); err != nil && (text.pipelines || text.jobs) { // no job begins with it
		a.started = slices.Contains(kernels.Variants(), os.Getenv(kernels.VariantEnv)) // another machine has them
		return err
	}
	if a.gpus {
		if err := a.findGPUProgram(); err != nil {
			a.started = true // the command line is right, the machine is not
			return err
		}
	}
	if !text.pipelines {
		return nil
	}
	return a.preparePrism()
}

// flags are the flags of a command.
type flags struct{ cmd *cobra.Command }

// The words for a flag's default that are not a value.
const (
	required = "required"
	// likeOrRequired: --like makes the flag superfluous.
	likeOrRequired = "required without --like"
	none           = "none"
)

// add defines a flag. def is its default in words, or required; placeholder is its value's name in the help.
func (f flags) add(v pflag.Value, name, placeholder, def, usage string) *pflag.Flag {
	return define(f.cmd.Flags(), v, name, placeholder, def, usage)
}

// choice defines a flag that takes one of the choices. dst keeps its value where the flag is not given; def says what that
// means.
func (f flags) choice(dst *string, name, placeholder string, choices []string, def, usage string) {
	defineChoice(f.cmd, f.cmd.Flags(), dst, name, placeholder, choices, def, usage)
}

// toggle defines a flag without a value.
func (f flags) toggle(dst *bool, name, usage string) {
	f.add(flagvalue.Of(dst, flagvalue.Bool), name, "", "off", usage).NoOptDefVal = "true"
}

// form defines --format.
func (f flags) form(dst *string) {
	*dst = formTable
	f.choice(dst, "format", "FORM", []string{formTable, formCSV, formJSON}, *dst, "form of the output")
}

// shared defines --shared, for commands that may make a store.
func (f flags) shared(dst *bool) {
	f.toggle(dst, "shared", "let the members of your Unix group read and write the folder of tables that this makes")
}

// replace defines --replace. outputs are what the command writes.
func (f flags) replace(dst *bool, outputs string) {
	f.toggle(dst, "replace", "put "+outputs+" in the place of what exists under the name, at the very end")
}

// precision defines --precision. of is what it is in the place of, and otherwise.
func (f flags) precision(dst *string, of string) {
	f.choice(dst, "precision", "POLICY", keras.Precisions, of, "Keras' dtype policy of all layers; mixed_bfloat16 rounds what they multiply and give on")
}

// gpuMath defines --gpu-math.
func (f flags) gpuMath(dst *string) {
	maths := pipelines.GPUMaths()
	f.choice(dst, "gpu-math", "MATH", maths, maths[0], "how GPUs multiply matrices and convolve: tf32x3 and tf32 on tensor cores, by three products of TF32 or by one (docs/gpu.md)")
}

// seed defines --seed.
func (f flags) seed(dst *uint64, decides string) {
	f.add(flagvalue.Of(dst, flagvalue.Seed), "seed", "N", "0", "the same seed gives the same "+decides)
}
