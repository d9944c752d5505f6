package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/serve/madlib"
)

// commandless are the parameters that commands have nothing for.
var commandless = []string{"gpu_configuration source", "madlib_keras_predict mst_key", "madlib_keras_evaluate mst_key"}

// positional leaves the names of arguments alone.
var positional = strings.NewReplacer("[", "", "]", "", "...", "")

// TestMADlibCommands: every function that serve has has a command, and what a parameter is said to be is an argument or flag of it.
func TestMADlibCommands(t *testing.T) {
	root := newRoot(&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	for _, f := range madlib.Functions() {
		if f.Refused() {
			continue
		}
		cmd, rest, err := root.Find([]string{f.Command})
		if err != nil || len(rest) > 0 || cmd == root {
			t.Errorf("%s: command %s, %v", f.Name, f.Command, err)
			continue
		}
		for _, p := range f.Parameters {
			if without := slices.Contains(commandless, f.Name+" "+p.Name); without || p.Command == "" {
				if !without || p.Command != "" {
					t.Errorf("%s: %s has %q for %s", f.Name, f.Command, p.Command, p.Name)
				}
				continue
			}
			flag, isFlag := strings.CutPrefix(p.Command, "--")
			if isFlag && cmd.Flags().Lookup(flag) == nil || !isFlag && !slices.Contains(strings.Fields(positional.Replace(cmd.UseLine())), p.Command) {
				t.Errorf("%s: %s has no %s, which %s is said to be", f.Name, f.Command, p.Command, p.Name)
			}
		}
	}
}

// TestMADlibNames: a function is found as people write it.
func TestMADlibNames(t *testing.T) {
	for _, name := range []string{"madlib_keras_fit", "MADLIB_KERAS_FIT", "madlib.madlib_keras_fit", "madlib_keras_fit()"} {
		if m := findMADlib(name); m == nil || m.Command != "fit" {
			t.Errorf("%s: %v", name, m)
		}
	}
	if findMADlib("madlib_keras_fit_multiple_model") != nil || findMADlib("fit") != nil {
		t.Error("a function that is none is found")
	}
}
