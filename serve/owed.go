package serve

import (
	"github.com/beamfit/beamfit/serve/loan"
	"github.com/beamfit/beamfit/serve/sqltext"
)

// An owed is what the server owes for one message.
type owed struct {
	kind byte // of the message
	call *call
	text *sqltext.Rewrite // where the places in errors are; nil: where the server says
	hint bool             // a missing schema or function gets the hint
	// hidden: the client sees nothing of the answer. hideReady: all but ReadyForQuery.
	hidden, hideReady bool
	capture           *capture // keeps rows; the client sees errors and notices only
	fed               bool     // the client has sent all data of a COPY
	failed            bool     // the answer is an error, or none is given since an earlier message failed
	shared            bool     // it is of plain, and never changes
}

// plain has what the server owes for messages of which nothing need be remembered, by kind.
var plain = func() (all [256]*owed) {
	for kind := range all {
		all[kind] = &owed{kind: byte(kind), shared: true}
	}
	return all
}()

// fail notes that the answer is an error.
func (o *owed) fail() {
	if !o.shared {
		o.failed = true
	}
}

// expect notes what the server will owe. It comes before the message is sent.
func (s *session) expect(o *owed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.skipping && o.kind != 'S' {
		o.fail() // the server drops everything up to Sync
		return
	}
	s.skipping = false
	if len(s.owed) == 0 {
		s.owed = s.room[:0]
	}
	s.owed = append(s.owed, o)
}

// first is what the server owes next, nil for nothing, and the loan to which its messages go, nil for none.
func (s *session) first() (*owed, *loan.Loan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.owed) == 0 {
		return nil, s.loan
	}
	return s.owed[0], s.loan
}

// paid notes that the server has given what it owed next.
func (s *session) paid() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.owed) > 0 {
		s.pop()
	}
	s.changed.Broadcast()
}

// pop takes what the server owes next away. Its place, which is used again, must not keep what it held: a capture may be large.
func (s *session) pop() {
	s.owed[0] = nil
	s.owed = s.owed[1:]
}

// opens notes what a statement was by the tag of its end.
func (s *session) opens(tag []byte) {
	if t := string(tag); t == "BEGIN\x00" || t == "START TRANSACTION\x00" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.opened = true
	}
}

// ready notes the end of an answer to Query, Sync or FunctionCall, and returns what was owed.
func (s *session) ready(status byte) (o *owed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.owed) > 0 && o == nil {
		if k := s.owed[0].kind; k == 'Q' || k == 'S' || k == 'F' {
			o = s.owed[0]
		}
		s.pop()
	}
	s.status, s.opened = status, false
	s.changed.Broadcast()
	return o
}

// refused notes an error. After one in the extended protocol the server owes nothing up to the next Sync.
func (s *session) refused(o *owed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.fail()
	if o.kind != 'Q' && o.kind != 'F' && o.kind != 'S' {
		for len(s.owed) > 0 && s.owed[0].kind != 'S' {
			s.owed[0].fail()
			s.pop()
		}
		s.skipping = len(s.owed) == 0
	}
	s.changed.Broadcast()
}

// settle waits until the server owes nothing. Meanwhile the data of a COPY pass from the client.
func (s *session) settle() error {
	if s.holdsBack() {
		if err := s.server.Put('H', nil); err != nil {
			return err
		}
	}
	if err := s.server.Flush(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.owed) > 0 && s.lost == nil {
		if s.copying && !s.owed[0].fed {
			s.owed[0].fed = true
			if err := s.unlocked(s.relayCopy); err != nil {
				return err
			}
			continue
		}
		s.changed.Wait()
	}
	return s.lost
}

// holdsBack tells whether the server keeps what it owes until Flush or Sync, as it does in the extended protocol.
func (s *session) holdsBack() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.owed)
	return n > 0 && s.owed[n-1].kind != 'Q' && s.owed[n-1].kind != 'F' && s.owed[n-1].kind != 'S'
}

// unlocked does what needs the lock for itself.
func (s *session) unlocked(do func() error) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return do()
}

// feed notes that the client has sent the end of the data of a COPY.
func (s *session) feed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.owed); n > 0 && !s.owed[n-1].shared {
		s.owed[n-1].fed = true
	}
}

// setCopying notes whether the server waits for the data of a COPY.
func (s *session) setCopying(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.copying != is {
		s.copying = is
		s.changed.Broadcast()
	}
}

// relayCopy passes the data of a COPY on.
func (s *session) relayCopy() error {
	for {
		kind, size, err := s.client.Next()
		if err != nil {
			return err
		}
		if err := s.server.Relay(kind, size, s.client); err != nil {
			return err
		}
		if kind == 'c' || kind == 'f' {
			return s.server.Flush()
		}
	}
}
