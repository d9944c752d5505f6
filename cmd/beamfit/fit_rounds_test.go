package main

import (
	"strings"
	"testing"
)

// TestRoundsThatContradict: options about rounds that do not go together are wrong usage, also where their value is the default.
func TestRoundsThatContradict(t *testing.T) {
	for options, want := range map[string]string{
		"--sync auto --sync-every 5":                      "--sync-every cannot be used with --sync auto",
		"--sync auto --sync-every pass":                   "--sync-every cannot be used with --sync auto",
		"--sync auto --outer average":                     "--outer cannot be used with --sync auto",
		"--outer-momentum 0":                              "--outer-momentum needs --outer slowmo or nesterov",
		"--outer average --outer-rate 1":                  "--outer-rate needs --outer slowmo or nesterov",
		"--outer slowmo --outer-momentum 1":               "the outer momentum must be at least 0 and below 1, found 1",
		"--outer nesterov --outer-rate 0":                 "the outer rate must be above 0",
		"--outer nesterov --outer-momentum 0":             "",
		"--sync auto --moving pooled":                     "",
		"--sync-every 5 --warm-up-passes 2":               "",
		"--outer slowmo --outer-rate 1 --sync-every pass": "",
	} {
		task := &fitTask{}
		args := append([]string{"a", "b", "--arch=c", "--id=1", "--compile=d", "--iterations=2"}, strings.Fields(options)...)
		err := parse(task, args...)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", options, err, want)
		}
	}
}
