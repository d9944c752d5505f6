package pgio

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/io/table"
)

const (
	// spoolChunk is how much of a part is kept in memory while it is written.
	spoolChunk = chunkBytes
	// spoolMemory is how much of all closed parts is kept in memory.
	spoolMemory = 8 << 20
)

// A spool keeps the encoded rows of parts until they are sent: a little in memory, the rest in a file without a name.
type spool struct {
	folder string // of the file; "": the system's for temporary files
	mu     sync.Mutex
	file   *os.File // nil: not needed yet
	size   int64    // of the file
	memory int      // bytes of closed parts that are in memory
	gone   bool     // dropped: nobody would close another file
}

var errSpoolGone = errors.New("its output has ended")

// A spooled is a part of a spool: what lies in the file, and then tail.
type spooled struct {
	extents []extent
	tail    []byte
	rows    int64 // that were put in
}

type extent struct{ at, size int64 }

// add adds rows to a part. It takes data, which the caller must not use again, or returns it emptied for the next rows.
func (s *spool) add(p *spooled, data []byte) ([]byte, error) {
	if len(data) < spoolChunk {
		return data, nil
	}
	return data[:0], s.write(p, data)
}

// close ends a part with its last rows.
func (s *spool) close(p *spooled, data []byte) error {
	s.mu.Lock()
	keep := s.memory+len(data) <= spoolMemory
	if keep {
		s.memory += len(data)
	}
	s.mu.Unlock()
	if keep {
		p.tail = bytes.Clone(data) // data has room for the largest row of the part
		return nil
	}
	return s.write(p, data)
}

func (s *spool) write(p *spooled, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return errSpoolGone
	}
	if s.file == nil {
		f, err := ownerlock.Unnamed(cmp.Or(s.folder, os.TempDir()))
		if err != nil {
			return spoolError(err)
		}
		s.file = f
	}
	if _, err := s.file.WriteAt(data, s.size); err != nil {
		return spoolError(err)
	}
	p.extents = append(p.extents, extent{s.size, int64(len(data))})
	s.size += int64(len(data))
	return nil
}

// read is the rows of a part.
func (s *spool) read(p *spooled) io.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []io.Reader
	for _, e := range p.extents {
		all = append(all, io.NewSectionReader(s.file, e.at, e.size))
	}
	return io.MultiReader(append(all, bytes.NewReader(p.tail))...)
}

// drop forgets everything, and takes nothing more.
func (s *spool) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.file != nil {
		_ = s.file.Close() // what it held is not wanted any more
		s.file = nil
	}
}

func spoolError(err error) error {
	if table.IsFull(err) {
		err = fmt.Errorf("%w: %w", table.ErrFull, err)
	}
	return fmt.Errorf("the rows are kept in a temporary file until they are sent: %w", err)
}
