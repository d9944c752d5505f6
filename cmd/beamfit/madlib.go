package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/serve/madlib"
)

// madlibTopic is the help that lists MADlib's functions.
const madlibTopic = "madlib"

// findMADlib finds a function that a command does the work of by its name, in any case, with or without its schema.
func findMADlib(name string) *madlib.Function {
	f := madlib.Find(strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(name), "()"), madlibTopic+"."))
	if f == nil || f.Refused() {
		return nil
	}
	return f
}

// writeMADlib lists MADlib's functions beside the commands.
func writeMADlib(w io.Writer) {
	fmt.Fprint(w, "MADlib's functions and the commands that do the same. beamfit help FUNCTION shows the usage of one.\n\n")
	t := textTable{}
	for _, f := range madlib.Functions() {
		if !f.Refused() {
			t.add(f.Name, "beamfit "+f.Command)
		}
	}
	t.write(w)
	fmt.Fprint(w, "\nbeamfit serve runs the functions themselves, in SQL. docs/madlib.md lists every difference with its reason.\n")
}

// writeMADlibFunction shows the usage of a function, and what each argument is in the command.
func writeMADlibFunction(w io.Writer, f *madlib.Function, root *cobra.Command) error {
	// A function without parameters has no usage.
	if usage, err := f.Answer(make([]madlib.Argument, 1), []madlib.Value{{Text: "usage"}}); err == nil {
		fmt.Fprint(w, usage)
	}
	cmd, _, err := root.Find([]string{f.Command})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nCOMMAND\n    %s\n\n", cmd.UseLine())
	t := textTable{}
	for _, p := range f.Parameters {
		to := p.Command
		if to == "" {
			to = "none"
		}
		t.add("  "+p.Name, to)
	}
	t.write(w)
	fmt.Fprintf(w, "\nbeamfit %s --help explains the flags.\n", f.Command)
	return nil
}
