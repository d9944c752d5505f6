package main

import (
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/pipelines"
)

// errRunIsolated ends a command that must run in a process with a network of its own.
var errRunIsolated = errors.New("the command must run in a network namespace of its own")

// preparePrism makes sure, before a command runs pipelines on prism, that nobody else can connect to it. prism listens without
// asking who connects, and runs what it is given.
func (a *app) preparePrism() error {
	switch {
	case a.runner != pipelines.PrismRunner || a.prismReady:
		return nil
	case a.prismOpenPort:
		a.warn([]string{"--prism-open-port: while this command runs, every user who reaches this machine can run programs as you"})
	case netns.Check() != nil:
		return errRunIsolated
	}
	a.prismReady = true
	return nil
}

// runIsolated runs the program again with these arguments, in a network namespace of its own, and returns its exit code.
func (a *app) runIsolated(args []string) int {
	code, err := netns.Reexec(args)
	if err != nil {
		fmt.Fprintf(a.messages(), "beamfit: runner prism is refused, since it listens without asking who connects: %v; "+
			"use --runner direct, or --prism-open-port where everybody who reaches this machine is trusted\n", err)
		return exitFailed
	}
	return code
}
