package main

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/shellwords"
)

// call runs another command line on the store and the terminal of this one, and prints it first, without the secrets of its flags. more is
// not printed. resumes is the ID of the run that it goes on with; "": none.
func (a *app) call(ctx context.Context, resumes string, args, more []string) error {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = withoutSecret(arg)
	}
	a.say("$ beamfit %s", shellwords.Join(words))
	// Flags come first, for there may be a -- among the arguments.
	whole := append(more[:len(more):len(more)], "--db="+a.storeURL(), "--stall-timeout="+a.stallTimeout.String(), "--log-level="+a.logLevel,
		fmt.Sprintf("--quiet=%t", a.quiet), fmt.Sprintf("--no-progress=%t", a.noProgress))
	whole = append(whole, args...)
	called := &app{
		out: a.out, err: a.err, commits: a.commits, progress: a.progress, grace: a.grace, logging: a.logging, prismReady: a.prismReady, interrupt: a.interrupt, raw: whole, process: a.process, resumes: resumes,
	}
	root := newRoot(called)
	root.SetArgs(whole)
	err := root.ExecuteContext(ctx)
	if err != nil && !called.started {
		return usageError{err}
	}
	return err
}
