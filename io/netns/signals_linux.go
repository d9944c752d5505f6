package netns

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

// passed are the signals that the parent passes on.
var passed = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// signals counts the signals of a process that has a parent, by the ways on which they come. A terminal sends one to the parent and to
// the process, others send it to one of them; so how often a signal was meant is the larger of its two counts.
type signals struct {
	direct chan os.Signal
	mu     sync.Mutex
	by     map[os.Signal]*count
}

type count struct {
	direct, passed int
	stop           func() // what the signal does; nil: it has its default effect
}

func (s *signals) watch() {
	s.direct = make(chan os.Signal, 16)
	s.by = map[os.Signal]*count{}
	go func() {
		for sig := range s.direct {
			s.arrive(sig, func(c *count) *int { return &c.direct })
		}
	}()
}

// passedOn takes a signal that came to the parent. One that nobody waits for is sent to this process.
func (s *signals) passedOn(sig syscall.Signal) {
	if !s.arrive(sig, func(c *count) *int { return &c.passed }) {
		_ = syscall.Kill(os.Getpid(), sig)
	}
}

// arrive counts a signal, and does what it does where it is not the same one again. It is false for signals that are not counted.
func (s *signals) arrive(sig os.Signal, way func(*count) *int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.by[sig]
	if c == nil {
		return false
	}
	before := max(c.direct, c.passed)
	*way(c)++
	switch {
	case max(c.direct, c.passed) == before:
	case c.stop != nil:
		c.stop()
	default:
		signal.Reset(sig)
		_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
	}
	return true
}

// set tells what signals do from now on.
func (s *signals) set(sigs []os.Signal, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sig := range sigs {
		if s.by[sig] == nil {
			s.by[sig] = &count{}
		}
		s.by[sig].stop = stop
	}
	signal.Notify(s.direct, sigs...)
}

// NotifyContext is signal.NotifyContext, where a signal that came to the parent too is one signal: the context ends with the first of
// sigs or when stop is called, which gives sigs their default effects back. The sigs are of those that the parent passes on.
func NotifyContext(ctx context.Context, sigs ...os.Signal) (_ context.Context, stop context.CancelFunc) {
	p := self()
	if p.parent == nil {
		return signal.NotifyContext(ctx, sigs...)
	}
	ctx, cancel := context.WithCancel(ctx)
	p.signals.set(sigs, cancel)
	return ctx, func() {
		cancel()
		p.signals.set(sigs, nil)
	}
}

// passOn sends the signals that come to this process, the parent, on to the process, until stop is called. Signals that the
// process inherits as ignored stay so.
func passOn(send func(syscall.Signal)) (stop func()) {
	got := make(chan os.Signal, 16)
	signal.Notify(got, slices.DeleteFunc(slices.Clone(passed), signal.Ignored)...)
	go func() {
		for sig := range got {
			send(sig.(syscall.Signal))
		}
	}()
	return func() {
		signal.Stop(got)
		close(got)
	}
}
