package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/netfault"
	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

var (
	bothStores   = []*storeKind{folder, postgres}
	folderOnly   = []*storeKind{folder}
	postgresOnly = []*storeKind{postgres}
)

// kinds are the kinds of faults. The first ones depend least on the moment, and a few cases have one of each of them.
var kinds = []*kind{
	{name: "damaged file of the store", weight: 3, stores: folderOnly, draw: damagedStore},
	{name: "damaged input file", weight: 2, stores: folderOnly, takes: readsFile, draw: damagedInput},
	{name: "full disk", weight: 2, stores: bothStores, mounts: true, draw: fullDisk},
	{name: "limit of file sizes", stores: folderOnly, draw: fileSizeLimit},
	{name: "read-only folder", stores: folderOnly, draw: readOnly},
	{name: "connection lost at a commit", weight: 2, stores: postgresOnly, draw: lostCommit},
	{name: "the same command twice", weight: 2, stores: bothStores, draw: twice},
	{name: "two commands at once", weight: 3, stores: bothStores, draw: together},
	{name: "killed (SIGKILL)", weight: 4, stores: bothStores, draw: signals(syscall.SIGKILL)},
	{name: "terminated (SIGTERM)", weight: 2, stores: bothStores, draw: signals(syscall.SIGTERM)},
	{name: "server stopped and started", weight: 2, stores: postgresOnly, draw: serverStopped},
	{name: "session terminated", weight: 2, stores: postgresOnly, draw: sessionEnded},
	{name: "interrupted (SIGINT)", weight: 2, stores: bothStores, draw: signals(syscall.SIGINT)},
	{name: "interrupted twice", stores: bothStores, draw: signals(syscall.SIGINT, syscall.SIGINT)},
	{name: "hung up (SIGHUP)", stores: bothStores, draw: signals(syscall.SIGHUP)},
	{name: "paused for a while", stores: bothStores, draw: paused},
	{name: "connections cut", weight: 2, stores: postgresOnly, draw: cutConnections},
	{name: "slow connections", stores: postgresOnly, draw: slowConnections},
	{name: "connections that stall for a while", stores: postgresOnly, draw: shortStall},
	{name: "connections that stall for good", stores: postgresOnly, draw: longStall},
}

// unreachable are the exit codes where the store cannot be reached.
var unreachable = []int{exitUnavailable}

func readsFile(c *command) bool { return c.input != "" }

// signals sends signals, one shortly after the other.
func signals(list ...syscall.Signal) func(*rand.Rand, subject) fault {
	return func(r *rand.Rand, _ subject) fault {
		at, gap := drawMoment(r), time.Duration(r.IntN(100))*time.Millisecond
		return fault{
			text: at.String(),
			strike: func(_ context.Context, _ *scene, p *process, ref *reference) error {
				at.await(p, ref)
				for i, sig := range list {
					if i > 0 {
						p.sleep(gap)
					}
					p.send(sig)
				}
				return nil
			},
		}
	}
}

// paused stops the process, as a shell's Ctrl-Z does, and lets it go on.
func paused(r *rand.Rand, _ subject) fault {
	at, pause := drawMoment(r), time.Duration(100+r.IntN(1500))*time.Millisecond
	return fault{
		text:   fmt.Sprintf("%s, for %v", at, pause),
		expect: expectation{success: true},
		strike: func(_ context.Context, _ *scene, p *process, ref *reference) error {
			at.await(p, ref)
			p.send(syscall.SIGSTOP)
			p.sleep(pause)
			p.send(syscall.SIGCONT)
			return nil
		},
	}
}

func twice(r *rand.Rand, sub subject) fault {
	after := 0.8 * r.Float64() * r.Float64()
	return fault{text: fmt.Sprintf("the second %.0f %% of the time after the first", 100*after), beside: &sub, besideAfter: after}
}

// together runs another command beside, mostly one that meets it at a table.
func together(r *rand.Rand, sub subject) fault {
	list := slices.Concat(disturbers, commands)
	if r.IntN(8) > 0 {
		list = slices.DeleteFunc(list, func(c *command) bool { return !sub.command.meets(c) })
	}
	after := 0.8 * r.Float64()
	other := subject{list[r.IntN(len(list))], sub.store, sub.engine}
	return fault{text: fmt.Sprintf("beside it, after %.0f %% of its time: %s", 100*after, other.command.name), beside: &other, besideAfter: after}
}

// serverOf is the server of a scene in PostgreSQL.
func serverOf(s *scene) *stores.Server { return s.place.(stores.Database).Server() }

func mendProxy(_ context.Context, s *scene) error {
	serverOf(s).Proxy.Mend()
	return nil
}

func serverStopped(r *rand.Rand, _ subject) fault {
	at, mode, down := drawMoment(r), "fast", time.Duration(r.IntN(500))*time.Millisecond
	if r.IntN(2) == 0 {
		mode = "immediate"
	}
	return fault{
		text:   fmt.Sprintf("%s, mode %s, down for %v", at, mode, down),
		expect: expectation{refusals: unreachable},
		strike: func(ctx context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			if err := serverOf(s).Halt(ctx, mode); err != nil {
				return err
			}
			p.sleep(down)
			return serverOf(s).Resume(ctx)
		},
	}
}

// The functions of PostgreSQL that end a session, and what it does.
const (
	terminate = "pg_terminate_backend"
	cancel    = "pg_cancel_backend"
)

func sessionEnded(r *rand.Rand, _ subject) fault {
	at, function, all := drawMoment(r), terminate, r.IntN(2) == 0
	if r.IntN(4) == 0 {
		function = cancel
	}
	refusals := unreachable
	if function == cancel {
		refusals = nil
	}
	which := "the youngest session"
	if all {
		which = "all sessions"
	}
	return fault{
		text:   fmt.Sprintf("%s, %s of %s", at, function, which),
		expect: expectation{refusals: refusals},
		strike: func(ctx context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			return s.place.(stores.Database).Terminate(ctx, function, all)
		},
	}
}

func cutConnections(r *rand.Rand, _ subject) fault {
	at, refuse := drawMoment(r), r.IntN(2) == 0
	text := at.String()
	if refuse {
		text += ", and no new ones"
	}
	return fault{
		text:   text,
		expect: expectation{refusals: unreachable},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			if refuse {
				serverOf(s).Proxy.Refuse()
			} else {
				serverOf(s).Proxy.Cut()
			}
			return nil
		},
		mend: mendProxy,
	}
}

func lostCommit(r *rand.Rand, _ subject) fault {
	w := netfault.Watch{Text: "commit", Deliver: r.IntN(2) == 0, Skip: r.IntN(4)}
	text := "lost with the request"
	if w.Deliver {
		text = "only the answer is lost"
	}
	return fault{
		text:   fmt.Sprintf("the %d. one: %s", w.Skip+1, text),
		expect: expectation{refusals: unreachable},
		prepare: func(_ context.Context, s *scene, _ subject, _ *reference) error {
			serverOf(s).Proxy.CutAt(w)
			return nil
		},
		mend: mendProxy,
	}
}

func slowConnections(r *rand.Rand, _ subject) fault {
	delay, rate := time.Duration(1+r.IntN(5))*time.Millisecond, (1+r.IntN(8))<<20
	return fault{
		text:   fmt.Sprintf("%v per piece, %d MiB/s", delay, rate>>20),
		expect: expectation{success: true},
		prepare: func(_ context.Context, s *scene, _ subject, _ *reference) error {
			serverOf(s).Proxy.Slow(delay, rate)
			return nil
		},
		mend: mendProxy,
	}
}

func shortStall(r *rand.Rand, _ subject) fault {
	at, pause := drawMoment(r), time.Duration(200+r.IntN(2000))*time.Millisecond
	return fault{
		text:   fmt.Sprintf("%s, for %v", at, pause),
		expect: expectation{success: true},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			serverOf(s).Proxy.Stall()
			p.sleep(pause)
			serverOf(s).Proxy.Mend()
			return nil
		},
	}
}

func longStall(r *rand.Rand, _ subject) fault {
	at, patience := drawMoment(r), time.Duration(2+r.IntN(3))*time.Second
	return fault{
		text:   fmt.Sprintf("%s, and --stall-timeout %v", at, patience),
		args:   []string{"--stall-timeout", patience.String()},
		expect: expectation{refusals: unreachable},
		prepare: func(_ context.Context, s *scene, _ subject, _ *reference) error {
			s.env = []string{fmt.Sprintf("PGCONNECT_TIMEOUT=%d", patience/time.Second)} // of the connection that asks what the server does
			return nil
		},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			serverOf(s).Proxy.Stall()
			return nil
		},
		mend: func(ctx context.Context, s *scene) error {
			s.env = nil
			return mendProxy(ctx, s)
		},
	}
}
