package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// workers are the pids of the processes of the campaign's beamfit that a runner has started, the oldest first where pids grow.
func (s *scene) workers() (pids []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is right
	for _, link := range links {
		dir := filepath.Dir(link)
		if target, err := os.Readlink(link); err != nil || target != s.c.beamfit() {
			continue
		}
		args, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !bytes.Contains(args, []byte("\x00--id=")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// newWorkers waits for workers that were not there before the case, as long as the process runs.
func (s *scene) newWorkers(p *process) []int {
	for {
		pids := slices.DeleteFunc(s.workers(), func(pid int) bool { return slices.Contains(s.idle, pid) })
		if len(pids) > 0 {
			return pids
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// signalWorkers sends a signal to workers.
func (s *scene) signalWorkers(pids []int, sig syscall.Signal) {
	for _, pid := range pids {
		s.say("worker %d gets %v: %v", pid, sig, syscall.Kill(pid, sig))
	}
}
