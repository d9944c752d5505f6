package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/serve/madlib"
)

// TestMADlibCommands: every function that serve has has a command, and what a parameter is said to be is an argument or flag of it.
func TestMADlibCommands(t *testing.T) {
	root := newRoot(&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	for _, m := range madlibCommands {
		cmd, rest, err := root.Find([]string{m.command})
		f := madlib.Find(m.function)
		if err != nil || len(rest) > 0 || cmd == root || f == nil || len(f.Parameters) != len(m.to) {
			t.Errorf("%s: command %s, function %v with other parameters", m.function, m.command, f)
			continue
		}
		for i, to := range m.to {
			flag, isFlag := strings.CutPrefix(to, "--")
			if isFlag && cmd.Flags().Lookup(flag) == nil || !isFlag && !strings.Contains(cmd.UseLine(), to) {
				t.Errorf("%s: %s has no %s, which %s is said to be", m.function, m.command, to, f.Parameters[i].Name)
			}
		}
	}
	for _, f := range madlib.Functions() {
		if !f.Refused() && findMADlib(f.Name) == nil {
			t.Errorf("%s has no command", f.Name)
		}
	}
}

// TestMADlibNames: a function is found as people write it.
func TestMADlibNames(t *testing.T) {
	for _, name := range []string{"madlib_keras_fit", "MADLIB_KERAS_FIT", "madlib.madlib_keras_fit", "madlib_keras_fit()"} {
		if m := findMADlib(name); m == nil || m.command != "fit" {
			t.Errorf("%s: %v", name, m)
		}
	}
	if findMADlib("madlib_keras_fit_multiple_model") != nil || findMADlib("fit") != nil {
		t.Error("a function that is none is found")
	}
}
