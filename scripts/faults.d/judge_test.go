package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

func TestJudgeEnd(t *testing.T) {
	const message = "fit: reading\nbeamfit: table new: the disk is full\n"
	for name, c := range map[string]struct {
		end  ended
		want string // part of what is wrong; "": nothing is
	}{
		"success":             {ended{stdout: "new: 3 rows\n"}, ""},
		"failure":             {ended{code: exitFailed, stderr: message}, ""},
		"try again":           {ended{code: exitUnavailable, stderr: message}, ""},
		"killed by us":        {ended{code: -1, signal: syscall.SIGKILL, sent: []syscall.Signal{syscall.SIGKILL}}, ""},
		"killed by others":    {ended{code: -1, signal: syscall.SIGKILL}, "which nobody sent"},
		"interrupted":         {ended{code: exitInterrupted, stderr: "beamfit: interrupted\n", sent: []syscall.Signal{syscall.SIGINT}}, ""},
		"interrupted by none": {ended{code: exitInterrupted, stderr: "beamfit: interrupted\n"}, "exit code 130"},
		"wrong usage":         {ended{code: 2, stderr: "beamfit: flag --train is missing\nSee beamfit split --help\n"}, "exit code 2"},
		"no message":          {ended{code: exitFailed, stderr: "fit: reading\n"}, "without an error message"},
		"panic":               {ended{code: 2, stderr: "panic: runtime error: index out of range\n\ngoroutine 1 [running]:\n"}, "broke down"},
		"panic that is told":  {ended{code: exitFailed, stderr: "beamfit: DoFn: panic: nil map\n"}, "broke down"},
		"stack of Java":       {ended{code: exitFailed, stderr: message + "\tat org.apache.flink.runtime.JobMaster.lambda$go$3(JobMaster.java:23)\n"}, "broke down"},
		"out of memory":       {ended{code: 2, stderr: "fatal error: runtime: out of memory\n"}, "broke down"},
		"password":            {ended{code: exitFailed, stderr: "beamfit: postgres://me:" + stores.Password + "@host: no\n"}, "password"},
		"hung":                {ended{code: 2, hung: true, stderr: "SIGQUIT: quit\ngoroutine 1 [select]:\n"}, "hung"},
		"orphans":             {ended{orphans: true}, "left processes"},
		"success with a dump": {ended{stderr: "goroutine 7 [running]:\n"}, "broke down"},
	} {
		got := strings.Join(judgeEnd(c.end), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestJudgeFault(t *testing.T) {
	failed := ended{code: exitFailed, stderr: "beamfit: file rows/gen-1/table.json: is damaged\n"}
	interruptedEnd := ended{code: exitInterrupted, stderr: "beamfit: interrupted\n", sent: []syscall.Signal{syscall.SIGINT}}
	late, noServer := failed, failed
	late.sent = []syscall.Signal{syscall.SIGTERM}
	noServer.code = exitUnavailable
	names := func(list ...string) expectation {
		return expectation{names: func() []string { return list }}
	}
	for name, c := range map[string]struct {
		end  ended
		want expectation
		ok   bool
	}{
		"a fault that passes":            {ended{}, expectation{success: true}, true},
		"a fault that should pass":       {failed, expectation{success: true}, false},
		"damage, named":                  {failed, names("other", "table.json"), true},
		"damage, not named":              {failed, names("other"), false},
		"damage, not met":                {ended{}, names("other"), true},
		"interrupted":                    {interruptedEnd, expectation{}, true},
		"unreachable":                    {noServer, expectation{refusals: unreachable}, true},
		"unreachable, by another code":   {failed, expectation{refusals: unreachable}, false},
		"the code of unreachable":        {noServer, expectation{}, false},
		"another error after a signal":   {late, expectation{}, false},
		"another error without a signal": {failed, expectation{}, true},
	} {
		if wrong := judgeFault(c.end, c.want); (len(wrong) == 0) != c.ok {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

// The states of a table that does not exist, has one row, and has two.
var (
	none = stores.State{"rows": "a"}
	one  = stores.State{"rows": "a", "new": "1 row"}
	two  = stores.State{"rows": "a", "new": "2 rows"}
)

func TestAllowed(t *testing.T) {
	states := []stores.State{none, one, two}
	success, failure := ended{}, ended{code: exitFailed, stderr: "beamfit: no\n"}
	kill := ended{code: -1, signal: syscall.SIGKILL}
	for name, c := range map[string]struct {
		ends []ended
		want []stores.State
	}{
		"success":           {[]ended{success}, []stores.State{one}},
		"failure":           {[]ended{failure}, []stores.State{none}},
		"killed":            {[]ended{kill}, []stores.State{none, one}},
		"twice":             {[]ended{success, success}, []stores.State{two}},
		"one of two":        {[]ended{failure, success}, []stores.State{one}},
		"neither of two":    {[]ended{failure, failure}, []stores.State{none}},
		"killed beside one": {[]ended{kill, success}, []stores.State{one, two}},
	} {
		results := allowed(c.ends, states)
		for _, state := range states {
			want := false
			for _, w := range c.want {
				want = want || state.Diff(w) == nil
			}
			if _, wrong := find(state, results); (len(wrong) == 0) != want {
				t.Errorf("%s: state %v allowed: %v, want %v", name, state, len(wrong) == 0, want)
			}
		}
	}
}

func TestAllowedTogether(t *testing.T) {
	success, failure := ended{}, ended{code: exitFailed, stderr: "beamfit: no\n"}
	before, first, second := stores.State{"rows": "a"}, stores.State{"rows": "b"}, stores.State{"rows": "a", "new": "1"}
	both, otherBoth := stores.State{"rows": "b", "new": "1"}, stores.State{"rows": "b", "new": "2"}
	serial := []stores.State{both, otherBoth}
	for name, c := range map[string]struct {
		first, second ended
		state         stores.State
		ok            bool
	}{
		"both":                       {success, success, both, true},
		"both, the other way round":  {success, success, otherBoth, true},
		"both, but one is lost":      {success, success, first, false},
		"the first":                  {success, failure, first, true},
		"the first, but both":        {success, failure, both, false},
		"the second":                 {failure, success, second, true},
		"neither":                    {failure, failure, before, true},
		"neither, but there is some": {failure, failure, second, false},
	} {
		_, wrong := find(c.state, allowedTogether(c.first, c.second, before, first, second, serial))
		if (len(wrong) == 0) != c.ok {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	if _, wrong := find(both, allowedTogether(success, success, before, first, second, nil)); len(wrong) == 0 {
		t.Error("both succeeded, which neither order allows, and nothing is wrong")
	}
}

func TestJudgeTwice(t *testing.T) {
	fit, other := &command{claims: true}, &command{}
	success, atOnce := ended{}, ended{code: exitFailed, stderr: "beamfit: table new: is being made by another command\n"}
	worked := ended{stderr: "fit: iteration 6/6, loss 1.2\n"}
	late := ended{code: exitFailed, stderr: "fit: iteration 2/6, loss 1.2\nbeamfit: table new: already exists\n"}
	for name, c := range map[string]struct {
		command *command
		ends    []ended
		ok      bool
	}{
		"both":                {other, []ended{success, success}, true},
		"one":                 {other, []ended{success, late}, true},
		"neither":             {other, []ended{late, late}, false},
		"a claim":             {fit, []ended{atOnce, worked}, true},
		"a claim, but worked": {fit, []ended{worked, late}, false},
		"a silent success":    {fit, []ended{success, atOnce}, false},
	} {
		if wrong := judgeTwice(c.command, c.ends); (len(wrong) == 0) != c.ok {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

func TestUntouched(t *testing.T) {
	if wrong := untouched(none, two, []string{"new"}); wrong != nil {
		t.Errorf("%q", wrong)
	}
	if wrong := untouched(one, two, []string{"other"}); len(wrong) != 1 {
		t.Errorf("%q", wrong)
	}
}
