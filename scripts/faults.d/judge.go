package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// crash is text that only a program that broke down writes, or the stack trace of an engine.
var crash = regexp.MustCompile(`(?m)^panic:|panic: |^\s+at [\w.$/]+\([\w.]*\.java|^fatal error:|goroutine \d+ \[|runtime error|runtime: |out of memory|SIGSEGV|SIGBUS`)

// judgeEnd says what is wrong with the way in which a command ended, whatever happened to it.
func judgeEnd(e ended) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	text := e.stdout + e.stderr
	if e.hung {
		complain("hung for %v", e.limit)
		return wrong // it was asked for its goroutines and killed
	}
	if found := crash.FindString(text); found != "" {
		complain("broke down: %q", found)
	}
	if strings.Contains(text, stores.Password) {
		complain("shows the password")
	}
	if e.orphans {
		complain("left processes running")
	}
	if e.signal != 0 {
		if !slices.Contains(e.sent, e.signal) {
			complain("was ended by signal %v, which nobody sent", e.signal)
		}
		return wrong
	}
	switch e.code {
	case exitOK, exitFailed, exitUnavailable:
	case exitInterrupted:
		if e.message() != "interrupted" || !slices.ContainsFunc(e.sent, cancels) {
			complain("exit code %d, signals %v and the message %q", e.code, e.sent, e.message())
		}
	default:
		complain("exit code %d", e.code)
	}
	if e.code != exitOK && e.message() == "" {
		complain("exit code %d without an error message", e.code)
	}
	return wrong
}

// judgeFault says what is wrong with the way in which a command ended that the fault happened to.
func judgeFault(e ended, want expectation) (wrong []string) {
	if want.success && e.outcome() != succeeded {
		wrong = append(wrong, fmt.Sprintf("%s, expected success: the fault passes", e.outcome()))
	}
	if want.names != nil && e.outcome() == refused {
		names := want.names()
		if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(e.message(), name) }) {
			wrong = append(wrong, fmt.Sprintf("the error names none of %q", names))
		}
	}
	codes := want.refusals
	if codes == nil {
		codes = []int{exitFailed}
	}
	if e.outcome() == refused && !slices.Contains(codes, e.code) {
		wrong = append(wrong, fmt.Sprintf("exit code %d, expected one of %d: %s", e.code, codes, e.message()))
	}
	if e.outcome() == refused && slices.ContainsFunc(e.sent, cancels) {
		wrong = append(wrong, "a signal came, and the error is not that it was interrupted")
	}
	return wrong
}

// judgeTwice says what is wrong with the way in which two equal commands ended that ran at once. One of them must succeed. One that
// claims its output and is refused must be so before it does its work: because the other has the claim, or had it and is done.
func judgeTwice(c *command, ends []ended) (wrong []string) {
	if !slices.ContainsFunc(ends, func(e ended) bool { return e.outcome() == succeeded }) {
		wrong = append(wrong, "neither of two equal commands succeeded")
	}
	for _, e := range ends {
		switch {
		case !c.claims:
		case e.outcome() == refused && worked.MatchString(e.stderr):
			wrong = append(wrong, "it was refused after it had begun to work: "+e.message())
		case e.outcome() == succeeded && !worked.MatchString(e.stderr):
			wrong = append(wrong, "it succeeded and said nothing of its work")
		}
	}
	return wrong
}

// worked is what a command that claims its output says when it has begun to work.
var worked = regexp.MustCompile(`(?m)^fit: iteration \d+`)

// A result is a state that there may be after a case, by the number of commands that then have succeeded.
type result struct {
	successes int
	state     stores.State
}

// allowed are the states that there may be after commands that ended so. states are those after so many undisturbed ones.
func allowed(ends []ended, states []stores.State) (results []result) {
	least, most := 0, 0
	for _, e := range ends {
		switch e.outcome() {
		case succeeded:
			least++
			most++
		case killed, hung: // perhaps after its commit
			most++
		}
	}
	for n := least; n <= most && n < len(states); n++ {
		results = append(results, result{n, states[n]})
	}
	return results
}

// allowedTogether are the states after two different commands that ended so: those of either order where both succeeded.
func allowedTogether(first, second ended, before, onlyFirst, onlySecond stores.State, both []stores.State) (results []result) {
	add := func(states ...stores.State) {
		for _, s := range states {
			results = append(results, result{state: s})
		}
	}
	switch a, b := first.outcome() == succeeded, second.outcome() == succeeded; {
	case a && b:
		add(both...)
	case a:
		add(onlyFirst)
	case b:
		add(onlySecond)
	default:
		add(before)
	}
	return results
}

// find is the allowed result whose state this is. Where there is none, it says how the state differs.
func find(state stores.State, results []result) (result, []string) {
	wrong := []string{"no state is right after commands that ended so"}
	for i, r := range results {
		diff := state.Diff(r.state)
		if diff == nil {
			return r, nil
		}
		if i == 0 {
			wrong = nil
		}
		for _, line := range diff {
			if len(results) > 1 {
				line = fmt.Sprintf("against possible state %d: %s", i+1, line)
			}
			wrong = append(wrong, line)
		}
	}
	return result{}, wrong
}

// untouched says which tables and files differ from before, but for those that the command writes.
func untouched(before, after stores.State, writes []string) []string {
	before, after = maps.Clone(before), maps.Clone(after)
	for _, name := range writes {
		delete(before, name)
		delete(after, name)
	}
	return after.Diff(before)
}
