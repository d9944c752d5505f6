// Command faults runs a campaign of faults against the built beamfit; scripts/faults builds both, starts it and says how to use it.
//
// A case is a command (an import, a split, a fit, ...) on a store and an engine, and a fault that happens to it, all drawn from the
// seed and the case's number. It plays in a scene: a store and a folder of its own, copied from a template. What the command does
// undisturbed, its reference, is known before. After the fault, and after that is mended, the case checks that
//
//   - the command ended in time, with an exit code that beamfit has, with an error message where it failed, and without a crash;
//   - all tables and files are as before it or as after the reference, bit for bit: the latter exactly when it succeeded, and perhaps
//     when it was killed;
//   - the same command again then does what it does undisturbed, from its checkpoint where there is one, with the same bits;
//   - after the next commands nothing is left over: no files, no staging tables, no sessions, no locks, no processes.
//
// Two commands at once must leave what they leave one after the other, in either order. Where a fault passes (a slow network), the
// command must succeed; where bytes are damaged that have checksums, it must give the same rows or an error that names the file or the
// table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	work := flag.String("work", "", "folder for everything, with bin/beamfit in it; scripts/faults makes and removes it")
	engines := flag.Bool("engines", false, "draw the cases of engines: jobs, and the processes that work for them")
	seed := flag.Uint64("seed", 1, "draws the cases")
	count := flag.Int("count", 100, "number of cases")
	from := flag.Int("from", 0, "number of the first case")
	only := flag.Int("only", -1, "run this case alone and keep its log")
	repeat := flag.Int("repeat", 1, "run every case so many times: what happens depends on the moment")
	text := flag.String("kind", "", "run only the kinds whose name contains this text")
	patience := flag.Int("patience", 1, "give everything so many times as long, on a machine that has other work")
	list := flag.Bool("list", false, "print the cases and run nothing")
	keep := flag.String("keep", "", "folder for the logs of cases that fail; default: a new one in the temporary folder")
	results := flag.String("results", "", "file to which the counts are added, so that the cases can run in several calls")
	markdown := flag.String("markdown", "", "file whose marked part gets the table at the end")
	verbose := flag.Bool("verbose", false, "print the log of every case")
	flag.Parse()
	if flag.NArg() > 0 || *work == "" {
		flag.Usage()
		os.Exit(2)
	}
	if *results != "" && (*only >= 0 || *repeat > 1 || *text != "") {
		fail(errors.New("--results is for whole ranges, once: without --only, --repeat and --kind"))
	}
	if *only >= 0 {
		*from, *count = *only, 1
	}
	p := storePlan
	if *engines {
		p = enginePlan
	}
	cases := slices.Repeat(p.cases(*seed, *from, *count, *text), max(*repeat, 1))
	if !mayMount() {
		cases = slices.DeleteFunc(cases, func(fc *faultCase) bool {
			if fc.kind.mounts {
				fmt.Printf("%v: left out: only root can mount a file system, on Linux\n", fc)
			}
			return fc.kind.mounts
		})
	}
	if *list {
		for _, fc := range cases {
			fmt.Println(fc)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := newCampaign(*work, p, *keep, *verbose, limitsOf(max(*patience, 1)))
	version, err := programVersion(ctx, c.beamfit())
	if err != nil {
		fail(err)
	}
	t := newTally(p.name, *seed, version, machine(), numbers{*from, *from + *count})
	if *results != "" {
		if err := newTally(p.name, *seed, version, machine(), t.Ranges[0]).addFile(*results); err != nil {
			fail(err) // before the work
		}
	}
	if cases, err = c.withCluster(ctx, cases); err != nil {
		fail(errors.Join(err, c.close()))
	}
	failed, err := c.runAll(ctx, cases, *only >= 0, t)
	err = errors.Join(err, c.close())
	if *results != "" && (err == nil || errors.Is(err, errInterrupted) && t.Ranges[0].End > *from) {
		if addErr := t.addFile(*results); addErr != nil {
			err = errors.Join(err, addErr)
		} else {
			err = errors.Join(err, t.write(*results))
		}
	}
	if err == nil && *markdown != "" {
		err = t.writeMarkdown(*markdown, time.Now().UTC().Format(time.DateOnly), p)
	}
	fmt.Printf("\n%s\n", t.table(p.rows()))
	more := ""
	if *engines {
		more = " --engines"
	}
	for _, fc := range slices.Compact(failed) {
		fmt.Printf("failed: %v\n  again: scripts/faults%s --seed %d --only %d\n", fc, more, *seed, fc.number)
	}
	if err != nil {
		fail(err)
	}
	if len(failed) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "faults:", err)
	os.Exit(1)
}
