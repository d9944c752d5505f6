package pack

import (
	"bufio"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// Spilled is where rows of one group wait: Rows records from Offset on in a file of the scratch folder.
type Spilled struct {
	Group  int64
	File   string
	Offset int64
	Rows   int64
}

// spill reads a partition and returns where its rows wait.
func (p *Plan) spill(ctx context.Context, run *bundle.Run, part table.Partition, advance func(n int64)) ([]Spilled, error) {
	s := &spiller{folder: p.Scratch}
	defer s.close()
	if err := p.read(ctx, run, part, s, advance); err != nil {
		return nil, err
	}
	return s.out, s.end()
}

// A spiller is a sink that writes records to a file of its own.
type spiller struct {
	folder string
	file   *os.File // nil: there is none yet
	w      *bufio.Writer
	offset int64
	out    []Spilled
}

func (s *spiller) put(group int64, rows int, record func(i int) []byte) error {
	if s.file == nil {
		var err error
		if s.file, err = os.OpenFile(filepath.Join(s.folder, rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return scratch.Error(err)
		}
		s.w = bufio.NewWriterSize(s.file, 1<<18)
	}
	begin := s.offset
	for i := range rows {
		n, err := s.w.Write(record(i))
		if err != nil {
			return scratch.Error(err)
		}
		s.offset += int64(n)
	}
	s.out = append(s.out, Spilled{group, filepath.Base(s.file.Name()), begin, int64(rows)})
	return nil
}

func (s *spiller) flush() error { return scratch.Error(s.w.Flush()) }

// end closes the file that is written.
func (s *spiller) end() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return scratch.Error(err)
}

// close closes the file of a spiller that has failed.
func (s *spiller) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
