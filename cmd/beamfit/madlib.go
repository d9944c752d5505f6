package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/serve/madlib"
)

// A madlibCommand is the command that does what one of MADlib's functions does.
type madlibCommand struct {
	function, command string
	// to are the arguments and flags of the command, in the order of the function's parameters; "": there is none.
	to []string
}

// madlibCommands are in the order of work. Package madlib has the functions.
var madlibCommands = []madlibCommand{
	{"train_test_split", "split", []string{
		"SOURCE", "ROOT", "--train", "--test", "--strata", "--columns", "--with-replacement", "--separate",
	}},
	{"training_preprocessor_dl", "preprocess", []string{
		"SOURCE", "OUTPUT", "--dependent", "--independent", "--buffer-size", "--normalize", "--num-classes", "--distribution",
	}},
	{"validation_preprocessor_dl", "preprocess", []string{
		"SOURCE", "OUTPUT", "--dependent", "--independent", "--like", "--buffer-size", "--distribution",
	}},
	{"load_keras_model", "load-model", []string{"ARCH_TABLE", "FILE", "--weights", "--name", "--description"}},
	{"delete_keras_model", "delete-model", []string{"ARCH_TABLE", "ID"}},
	{"load_custom_function", "load-function", []string{"OBJECT_TABLE", "FILE", "--name", "--description"}},
	{"delete_custom_function", "delete-function", []string{"OBJECT_TABLE", "--id", "--name"}},
	{"load_top_k_accuracy_function", "load-top-k", []string{"OBJECT_TABLE", "K"}},
	{"madlib_keras_fit", "fit", []string{
		"SOURCE", "MODEL", "--arch", "--id", "--compile", "--fit", "--iterations", "--gpus", "--validation", "--metrics-every", "--warm-start",
		"--name", "--description", "--functions",
	}},
	{"madlib_keras_evaluate", "evaluate", []string{"MODEL", "TEST", "OUTPUT", "--gpus", ""}},
	{"madlib_keras_predict", "predict", []string{"MODEL", "TEST", "--id-column", "--independent", "OUTPUT", "--type", "--gpus", ""}},
	{"madlib_keras_predict_byom", "predict-byom", []string{
		"ARCH_TABLE", "ID", "TEST", "--id-column", "--independent", "OUTPUT", "--type", "--gpus", "--classes", "--normalize", "--dependent-count",
	}},
	{"gpu_configuration", "gpus", []string{"--output", ""}},
	{"version", "version", nil},
}

// madlibTopic is the help that lists MADlib's functions.
const madlibTopic = "madlib"

// findMADlib finds the command of a function by the function's name, in any case, with or without its schema.
func findMADlib(name string) *madlibCommand {
	name = strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(name), "()"), madlibTopic+".")
	for i := range madlibCommands {
		if madlibCommands[i].function == name {
			return &madlibCommands[i]
		}
	}
	return nil
}

// writeMADlib lists MADlib's functions beside the commands.
func writeMADlib(w io.Writer) {
	fmt.Fprint(w, "MADlib's functions and the commands that do the same. beamfit help FUNCTION shows the usage of one.\n\n")
	t := textTable{}
	for _, m := range madlibCommands {
		t.add(m.function, "beamfit "+m.command)
	}
	t.write(w)
	fmt.Fprint(w, "\nbeamfit serve runs the functions themselves, in SQL. docs/madlib.md lists every difference with its reason.\n")
}

// write shows the usage of a function, and what each argument is in the command.
func (m *madlibCommand) write(w io.Writer, root *cobra.Command) error {
	f := madlib.Find(m.function)
	// A function without parameters has no usage.
	if usage, err := f.Answer(make([]madlib.Argument, 1), []madlib.Value{{Text: "usage"}}); err == nil {
		fmt.Fprint(w, usage)
	}
	cmd, _, err := root.Find([]string{m.command})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nCOMMAND\n    %s\n\n", cmd.UseLine())
	t := textTable{}
	for i, p := range f.Parameters {
		to := m.to[i]
		if to == "" {
			to = "none"
		}
		t.add("  "+p.Name, to)
	}
	t.write(w)
	fmt.Fprintf(w, "\nbeamfit %s --help explains the flags.\n", m.command)
	return nil
}
