// Package shellwords writes arguments as a POSIX shell reads them again, for command lines that people copy. Every text can be written; one that a shell takes as it is stays so.
package shellwords

import "strings"

// Join writes a command line.
func Join(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = Quote(arg)
	}
	return strings.Join(words, " ")
}

// Quote writes one argument, in quotation marks where a shell needs them. Double ones are preferred, since arguments often have single ones inside.
func Quote(arg string) string {
	switch {
	case arg != "" && strings.IndexFunc(arg, isSpecial) < 0:
		return arg
	case !strings.ContainsAny(arg, "\"$`\\!"):
		return `"` + arg + `"`
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// isSpecial says whether a character may mean something to a shell.
func isSpecial(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-./,:=@%+", r)
}
