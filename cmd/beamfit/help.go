package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
)

// Annotations of a flag.
const (
	annotPlaceholder = "beamfit_placeholder"
	annotDefault     = "beamfit_default"
)

// define adds a flag with what the help says of it.
func define(fs *pflag.FlagSet, v pflag.Value, name, placeholder, def, usage string) *pflag.Flag {
	flag := fs.VarPF(v, name, "", usage)
	flag.Annotations = map[string][]string{annotPlaceholder: {placeholder}, annotDefault: {def}}
	return flag
}

// defineChoice adds a flag that takes one of the choices, which the help lists and the shell
// completes. dst keeps its value where the flag is not given; def says what that means.
func defineChoice(cmd *cobra.Command, fs *pflag.FlagSet, dst *string, name, placeholder string, choices []string, def, usage string) {
	define(fs, flagvalue.Of(dst, flagvalue.OneOf(choices...)), name, placeholder, def, usage+": "+strings.Join(choices, ", "))
	if err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // only for a flag that is not defined, or twice
	}
}

// missingFlag names the required flags that are not given.
func missingFlag(fs *pflag.FlagSet) error {
	var missing []string
	fs.VisitAll(func(f *pflag.Flag) {
		if annotation(f, annotDefault) == required && !f.Changed {
			missing = append(missing, "--"+f.Name)
		}
	})
	if missing == nil {
		return nil
	}
	return fmt.Errorf("missing %s", strings.Join(missing, ", "))
}

func annotation(f *pflag.Flag, key string) string {
	if v := f.Annotations[key]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// argumentsOf is where the help finds the arguments of a command.
const argumentsOf = "beamfit_arguments"

func setArguments(cmd *cobra.Command, args []argument) {
	var b strings.Builder
	t := textTable{}
	for _, a := range args {
		t.add(a.name, a.usage)
	}
	t.write(&b)
	cmd.Annotations = map[string]string{argumentsOf: b.String()}
}

// writeHelp is the help of every command.
func writeHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		writeParagraph(w, paragraph)
	}
	fmt.Fprintf(w, "Usage:\n  %s\n", cmd.UseLine())
	if args := cmd.Annotations[argumentsOf]; args != "" {
		fmt.Fprintf(w, "\nArguments:\n%s", args)
	}
	writeCommands(w, cmd)
	global := cmd.Root().PersistentFlags()
	own := flagTable(cmd.Flags(), func(name string) bool { return global.Lookup(name) == nil })
	if len(own) > 0 {
		fmt.Fprint(w, "\nFlags:\n")
		own.write(w)
	}
	fmt.Fprint(w, "\nGlobal flags:\n")
	flagTable(global, func(name string) bool { return annotation(global.Lookup(name), annotRunners) == "" }).write(w)
	if cmd.Name() == "runners" {
		writeRunners(w, global)
	}
	if !cmd.HasParent() {
		fmt.Fprint(w, "\nExit codes:\n")
		exitCodes.write(w)
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExample:\n%s\n", indent(cmd.Example))
	}
}

// helpCommand is "beamfit help COMMAND", the same as "beamfit COMMAND --help"; or "beamfit help FUNCTION" of MADlib, and "beamfit help
// madlib" for the list of them.
func helpCommand() *cobra.Command {
	var show func() error
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "Show the help of a command",
		Hidden: true,
		Args: func(cmd *cobra.Command, args []string) error {
			root, w := cmd.Root(), cmd.OutOrStdout()
			show = root.Help
			if len(args) == 0 {
				return nil
			}
			found, rest, err := root.Find(args)
			function := findMADlib(args[0])
			switch {
			case err == nil && len(rest) == 0 && found != root:
				show = found.Help
			case len(args) == 1 && strings.EqualFold(args[0], madlibTopic):
				show = func() error { writeMADlib(w); return nil }
			case len(args) == 1 && function != nil:
				show = func() error { return writeMADlibFunction(w, function, root) }
			default:
				return unknownCommand(root, args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return show() },
	}
}

func writeCommands(w io.Writer, cmd *cobra.Command) {
	for _, g := range cmd.Groups() {
		fmt.Fprintf(w, "\n%s:\n", g.Title)
		writeGroup(w, cmd, g.ID)
	}
	if !cmd.AllChildCommandsHaveGroup() {
		fmt.Fprint(w, "\nMore:\n")
		writeGroup(w, cmd, "")
	}
}

func writeGroup(w io.Writer, cmd *cobra.Command, group string) {
	t := textTable{}
	for _, c := range cmd.Commands() {
		if c.GroupID == group && c.IsAvailableCommand() {
			t.add(c.Name(), c.Short)
		}
	}
	t.write(w)
}

// flagTable lists the flags whose names are wanted, with their defaults.
func flagTable(fs *pflag.FlagSet, wanted func(name string) bool) textTable {
	t := textTable{}
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || !wanted(f.Name) {
			return
		}
		left := "--" + f.Name
		if p := annotation(f, annotPlaceholder); p != "" {
			left += " " + p
		}
		right := f.Usage
		switch def := annotation(f, annotDefault); def {
		case "":
		case required, likeOrRequired:
			right += " (" + def + ")"
		default:
			right += " (default " + def + ")"
		}
		t.add(left, right)
	})
	return t
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// A textTable is lines of two columns.
type textTable [][2]string

func (t *textTable) add(left, right string) { *t = append(*t, [2]string{left, right}) }

// writeParagraph writes a paragraph of a help, or a table: lines that begin with spaces and have more of them between left and right.
func writeParagraph(w io.Writer, text string) {
	if !strings.HasPrefix(text, "  ") {
		fmt.Fprintf(w, "%s\n\n", strings.Join(wrap(text, helpWidth), "\n"))
		return
	}
	t := textTable{}
	for line := range strings.Lines(text) {
		left, right, _ := strings.Cut(strings.TrimSpace(line), "  ")
		t.add(left, strings.TrimSpace(right))
	}
	t.write(w)
	fmt.Fprintln(w)
}

// helpWidth is where lines break, and maxLeft where the left column takes a line of its own.
const (
	helpWidth = 100
	maxLeft   = 26
)

func (t textTable) write(w io.Writer) {
	width := 0
	for _, row := range t {
		if len(row[0]) <= maxLeft {
			width = max(width, len(row[0]))
		}
	}
	for _, row := range t {
		lines := wrap(row[1], helpWidth-width-4)
		if len(row[0]) > width {
			fmt.Fprintf(w, "  %s\n", row[0])
			row[0] = ""
		}
		for i, l := range lines {
			if i > 0 {
				row[0] = ""
			}
			fmt.Fprintf(w, "  %-*s  %s\n", width, row[0], l)
		}
	}
}

// wrap breaks text between words into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
