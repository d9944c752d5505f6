package serve

import (
	"errors"
	"log/slog"
	"time"

	"github.com/beamfit/beamfit/serve/poll"
	"github.com/beamfit/beamfit/serve/wire"
)

// errResting: the goroutines of the session have ended, for a loop can go on.
var errResting = errors.New("the session only passes messages on")

// loops tells whether a loop can hold the session.
func (s *session) loops() bool {
	return poll.Supported && s.client.Socket() != nil && s.server.Socket() != nil
}

// rest ends the goroutines of a session in which nothing goes on, at the end of a message of the server.
func (s *session) rest() bool {
	if !s.loops() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working || s.inCalls || len(s.owed) > 0 || s.loan != nil || s.stop != nil || s.leaving {
		return false
	}
	s.resting = true
	_ = s.client.Wake()
	return true
}

// stay has a loop pass messages on while they are small and none can be a call. What is not stays to be read: it goes on in goroutines. An
// error is that of a message.
func (s *session) stay() error {
	if !s.loops() {
		return nil
	}
	s.mu.Lock()
	s.resting = false
	if !s.leaving {
		_ = s.client.SetReadDeadline(time.Time{})
	}
	s.mu.Unlock()
	ends := [2]direction{
		{from: s.client, to: s.server, log: s.log, passes: s.passes, holds: s.isData, message: s.clientMessage},
		{from: s.server, to: s.client, log: s.log, passes: anyPasses, holds: noneHeld, message: s.serverMessage},
	}
	err := s.proxy.loops.Stay(s.client.Socket(), s.server.Socket(), func(end int) bool { return ends[end].pass() })
	if err != nil {
		s.log.Debug("the session goes on in goroutines", "reason", err.Error())
	}
	return errors.Join(ends[0].err, ends[1].err)
}

// passes tells whether a message of the client is passed on without waiting for anything.
func (s *session) passes(kind byte, body []byte) bool {
	s.mu.Lock()
	inCall := s.inCall()
	s.mu.Unlock()
	switch {
	case kind == 'X' || inCall:
		return false
	case kind == 'Q' || kind == 'P':
		_, names := s.proxy.mentions(string(body))
		return s.plain || !names
	case kind == 'C' && len(body) > 0:
		return !s.knowsPortal(body[1:])
	case kind == 'E', kind == 'B':
		return !s.knowsPortal(body)
	}
	return true
}

// knowsPortal tells whether something must be known of the portal whose name is at the beginning of a message: then the server's answer is waited for.
func (s *session) knowsPortal(body []byte) bool {
	name, _, _ := cutName(body)
	_, known := s.portals[string(name)]
	return known
}

// inCall tells whether the client has statements of which something must be known, or is within what was begun for a call. It is of the client's goroutine, which
// holds the lock.
func (s *session) inCall() bool { return len(s.statements) > 0 || s.began || s.dropping }

// All messages of the server are passed on, and at once.

func anyPasses(byte, []byte) bool { return true }

func noneHeld(byte) bool { return false }

// A direction is what a loop does for one end of a session.
type direction struct {
	from, to *wire.Conn
	log      *slog.Logger
	passes   func(kind byte, body []byte) bool // a message is for the loop
	holds    func(kind byte) bool              // it may wait for the next one
	message  func(kind byte, size int) error
	held     bool  // the last one waits
	err      error // of a message, or errDefect
}

// pass passes on what has arrived; false: the session must go on in goroutines.
func (d *direction) pass() (stays bool) {
	defer func() {
		if v := recover(); v != nil { // the loop has other sessions
			d.err, stays = defect(d.log, v), false
		}
	}()
	stays = d.frames() // those that came before the loop held the session
	if stays {
		err := d.from.Arrive()
		stays = d.frames() && err == nil
	}
	if !d.held {
		stays = d.to.Flush() == nil && stays // an error comes again
	}
	d.from.Rest()
	return stays && !d.from.Much() && !d.to.Socket().Unsent()
}

// frames passes on the messages of which all has arrived; false: the next one is not for the loop.
func (d *direction) frames() bool {
	for {
		kind, body, whole, room := d.from.Frame()
		if !whole {
			return room
		}
		if !d.passes(kind, body) {
			return false
		}
		d.held = d.holds(kind)
		if _, size, err := d.from.Next(); err != nil {
			d.err = err
		} else {
			d.err = d.message(kind, size)
		}
		if d.err != nil {
			return false
		}
	}
}
