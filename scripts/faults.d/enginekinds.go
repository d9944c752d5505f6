package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/flink"
	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// engineKinds are the kinds of faults of the engine plan: those of processes that work for a job, and those of stores while they do.
var engineKinds = []*kind{
	{name: "worker killed", weight: 4, stores: bothStores, engines: hasWorkers, draw: workersKilled},
	{name: "command killed", weight: 4, stores: bothStores, draw: signals(syscall.SIGKILL)},
	{name: "TaskManager killed", weight: 2, stores: bothStores, engines: hasCluster, draw: taskManagerKilled},
	{name: "job service killed", weight: 2, stores: bothStores, engines: hasCluster, draw: jobServiceKilled},
	{name: "a slow bundle", weight: 2, stores: bothStores, draw: slowBundle},
	{name: "a repeated bundle", weight: 2, stores: folderOnly, engines: hasCluster, draw: repeatedBundle},
	{name: "interrupted (SIGINT)", stores: bothStores, draw: signals(syscall.SIGINT)},
	{name: "full disk", weight: 2, stores: bothStores, mounts: true, draw: fullDisk},
	{name: "server stopped and started", weight: 2, stores: postgresOnly, draw: serverStopped},
	{name: "session terminated", stores: postgresOnly, draw: sessionEnded},
	{name: "connections cut", weight: 2, stores: postgresOnly, draw: cutConnections},
	{name: "connection lost at a commit", weight: 2, stores: postgresOnly, draw: lostCommit},
	{name: "connections that stall for a while", stores: postgresOnly, draw: shortStall},
	{name: "connections that stall for good", stores: postgresOnly, draw: longStall},
}

func hasWorkers(e *engine) bool { return e.workers }
func hasCluster(e *engine) bool { return e.cluster }

// oneOf is one of the workers, or all of them.
func oneOf(pids []int, all bool, share float64) []int {
	if all || len(pids) == 0 {
		return pids
	}
	i := int(share * float64(len(pids)))
	return pids[i : i+1]
}

// workersKilled kills a worker, or all. Flink begins the job again, prism does not.
func workersKilled(r *rand.Rand, sub subject) fault {
	at, all, share := drawMoment(r), r.IntN(2) == 0, r.Float64()
	which := "a worker"
	if all {
		which = "all workers"
	}
	return fault{
		text:   fmt.Sprintf("%s, %s", at, which),
		expect: expectation{success: sub.engine.cluster},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			s.signalWorkers(oneOf(s.newWorkers(p), all, share), syscall.SIGKILL)
			return nil
		},
	}
}

// taskManagerKilled kills a TaskManager and starts another one in its place.
func taskManagerKilled(r *rand.Rand, _ subject) fault {
	at, name, down := drawMoment(r), flink.TaskManagers[r.IntN(len(flink.TaskManagers))], time.Duration(r.IntN(2000))*time.Millisecond
	return fault{
		text:   fmt.Sprintf("%s, %s, down for %v", at, name, down),
		expect: expectation{success: true},
		strike: func(ctx context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			if err := s.c.cluster.Kill(ctx, name); err != nil {
				return err
			}
			time.Sleep(down)
			return s.c.cluster.Launch(ctx, name)
		},
		mend: mendCluster,
	}
}

// jobServiceKilled kills the job service. Its jobs go on; the command cannot, and they end without it.
func jobServiceKilled(r *rand.Rand, _ subject) fault {
	at := drawMoment(r)
	return fault{
		text:   at.String(),
		expect: expectation{refusals: unreachable},
		strike: func(ctx context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			return s.c.cluster.Kill(ctx, flink.JobService)
		},
		mend: mendCluster,
	}
}

// mendCluster brings the cluster back to what it was.
func mendCluster(ctx context.Context, s *scene) error {
	ended, err := s.c.cluster.Ready(ctx)
	s.say("started again: %q", ended)
	return err
}

// slowBundle stops who works, for a while.
func slowBundle(r *rand.Rand, sub subject) fault {
	at, all, share, pause := drawMoment(r), r.IntN(2) == 0, r.Float64(), time.Duration(300+r.IntN(4000))*time.Millisecond
	return fault{
		text:   fmt.Sprintf("%s, for %v", at, pause),
		expect: expectation{success: true},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			if !sub.engine.workers {
				p.send(syscall.SIGSTOP)
				p.sleep(pause)
				p.send(syscall.SIGCONT)
				return nil
			}
			pids := oneOf(s.newWorkers(p), all, share)
			s.signalWorkers(pids, syscall.SIGSTOP)
			p.sleep(pause)
			s.signalWorkers(pids, syscall.SIGCONT)
			return nil
		},
	}
}

// repeatedBundle kills the workers right after one of them has written a part of an output, which Flink then has written again.
func repeatedBundle(r *rand.Rand, _ subject) fault {
	skip := r.IntN(3)
	return fault{
		text:   fmt.Sprintf("after file %d of an output", skip+1),
		expect: expectation{success: true},
		strike: func(_ context.Context, s *scene, p *process, _ *reference) error {
			dir := s.place.(stores.Folder).Dir
			before, err := stores.Files(dir)
			if err != nil {
				return err
			}
			for {
				now, err := stores.Files(dir)
				if err != nil && !errors.Is(err, fs.ErrNotExist) { // what the command itself removes
					return err
				}
				written := slices.DeleteFunc(now, func(path string) bool { return slices.Contains(before, path) || stores.HoldsNoRows(path) })
				if len(written) > skip {
					s.say("written: %q", written)
					s.signalWorkers(s.newWorkers(p), syscall.SIGKILL)
					return nil
				}
				select {
				case <-p.done:
					return nil
				case <-time.After(time.Millisecond):
				}
			}
		},
	}
}
