package serve

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/beamfit/beamfit/serve/loan"
	"github.com/beamfit/beamfit/serve/sqltext"
)

// An owed is what the server owes for one message.
type owed struct {
	kind byte // of the message; 'c' is the end of the data of a COPY, for which nothing is owed
	call *call
	text *sqltext.Rewrite // where the places in errors are; nil: where the server says
	hint bool             // a missing schema or function gets the hint
	// hidden: the client sees nothing of the answer. hideReady: all but ReadyForQuery.
	hidden, hideReady bool
	capture           *capture // keeps rows; the client sees errors and notices only
	failed, dropped   bool     // the answer is an error; dropped: none is given since an earlier message failed
	shared            bool     // it is of plain, and never changes
}

// plain has what the server owes for messages of which nothing need be remembered, by kind.
var plain = func() (all [256]*owed) {
	for kind := range all {
		all[kind] = &owed{kind: byte(kind), shared: true}
	}
	return all
}()

// fail notes that the answer is an error, and drop that there is none.
func (o *owed) fail() {
	if !o.shared {
		o.failed = true
	}
}

func (o *owed) drop() {
	if !o.shared {
		o.failed, o.dropped = true, true
	}
}

// expect notes what the server will owe. It comes before the message is sent.
func (s *session) expect(o *owed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.skipping && o.kind != 'S' {
		o.drop() // the server drops everything up to Sync
		return
	}
	if o.kind == 'c' && len(s.owed) == 0 || o.kind == 'S' && s.wantsData() {
		return // the server drops it
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
	for more := true; more; more = len(s.owed) > 0 && s.owed[0].kind == 'c' {
		s.owed[0] = nil
		s.owed = s.owed[1:]
	}
}

// opens notes what a statement was by the tag of its end. A transaction in which the client begins one is the client's, as one that PostgreSQL has begun by itself.
func (s *session) opens(o *owed, tag []byte) {
	if t := string(tag); t == "BEGIN\x00" || t == "START TRANSACTION\x00" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.opened = true
		s.began = s.began && o != nil && o.hidden
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
		for s.pop(); len(s.owed) > 0 && s.owed[0].kind != 'S'; s.pop() {
			s.owed[0].drop()
		}
		s.skipping = len(s.owed) == 0
	}
	s.changed.Broadcast()
}

// settle waits until the server owes nothing. Meanwhile the data of a COPY pass from the client. A client that leaves is not waited for.
func (s *session) settle() error {
	if s.holdsBack() {
		if err := s.server.Put('H', nil); err != nil {
			return err
		}
	}
	if err := s.server.Flush(); err != nil {
		return err
	}
	for {
		if copies, err := s.awaitServer(); err != nil || !copies {
			return err
		}
		if err := s.relayCopy(); err != nil {
			return err
		}
	}
}

// awaitServer waits until the server owes nothing; copies: or until it waits for the data of a COPY.
func (s *session) awaitServer() (copies bool, err error) {
	var left error
	if !s.isSettled() && !s.isWatched() {
		defer s.watch(func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			left = err
			s.changed.Broadcast()
		})()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.owed) > 0 && s.lost == nil && left == nil && !s.wantsData() {
		s.changed.Wait()
	}
	return s.lost == nil && s.wantsData(), cmp.Or(s.lost, left)
}

func (s *session) isSettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.owed) == 0
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

// wantsData tells whether the server waits for data of a COPY that the client has not sent the end of.
func (s *session) wantsData() bool { return s.copying && !slices.Contains(s.owed, plain['c']) }

// copyBegins notes that the server waits for the data of a COPY. It drops each Sync up to their end.
func (s *session) copyBegins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copying = true
	for k := 1; k < len(s.owed) && s.owed[k].kind != 'c'; {
		if s.owed[k].kind == 'S' {
			s.owed = slices.Delete(s.owed, k, k+1)
		} else {
			k++
		}
	}
	s.changed.Broadcast()
}

// copyEnds notes that the server waits for no data, since it has them all or since there was an error.
func (s *session) copyEnds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.copying {
		return
	}
	s.copying = false
	if k := slices.Index(s.owed, plain['c']); k >= 0 {
		s.owed = slices.Delete(s.owed, k, k+1)
	}
	if s.awaiting {
		_ = s.client.Wake()
	}
	s.changed.Broadcast()
}

// relayCopy passes the data of a COPY on, up to their end or until the server waits for no more.
func (s *session) relayCopy() error {
	for {
		if arrived, err := s.awaitData(); err != nil || !arrived {
			return err
		}
		kind, size, err := s.client.Next()
		if err != nil {
			return err
		}
		ends := kind == 'c' || kind == 'f'
		if ends {
			s.expect(plain['c'])
		}
		if err := s.server.Relay(kind, size, s.client); err != nil {
			return err
		}
		if ends {
			return s.server.Flush()
		}
	}
}

// awaitData waits for a message of the client; arrived: there is one, and the server still waits for data.
func (s *session) awaitData() (arrived bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.copying {
		return false, nil
	}
	s.awaiting = true
	err = s.unlocked(s.client.Await)
	s.awaiting = false
	if s.lost == nil && !s.leaving {
		_ = s.client.SetReadDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) { // copyEnds
			err = nil
		}
	}
	return err == nil && s.copying, err
}
