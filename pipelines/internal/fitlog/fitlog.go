package fitlog

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/beamfit/beamfit/model/callback"
)

// A Log is what a callback writes.
type Log interface {
	// Write adds an entry. Iterations rise.
	Write(e Entry) error
	Close() error
}

// An Entry is the end of an iteration that was scored.
type Entry struct {
	Iteration int
	At        time.Time
	Logs      callback.Logs
	// Weights gets the weights after the iteration.
	Weights func() ([]float32, error)
}

// epoch is Keras' number.
func (e Entry) epoch() int { return e.Iteration - 1 }

// Options are what logs know of a fit.
type Options struct {
	// Below is the folder that files must lie below; "": they may lie anywhere. Relative names are below it.
	Below string
	// After is the iteration that the fit goes on after; 0: it begins.
	After int
	Began time.Time
	// Arch is the architecture, JSON, and Weights are the arrays of its weights.
	Arch    []byte
	Weights []Weight
}

// A Weight is one array among all weights.
type Weight struct {
	Name         string
	Offset, Size int
}

// Open makes the files of a callback: a callback.CSVLogger or callback.TensorBoard.
func Open(c any, o Options) (Log, error) {
	switch c := c.(type) {
	case callback.CSVLogger:
		l, err := openCSV(c, o)
		if err != nil {
			return nil, fmt.Errorf("CSVLogger: %w", err)
		}
		return l, nil
	case callback.TensorBoard:
		l, err := openBoard(c, o)
		if err != nil {
			return nil, fmt.Errorf("TensorBoard: %w", err)
		}
		return l, nil
	}
	return nil, fmt.Errorf("internal error: %T writes no files", c)
}

// A place is where a log has its files: in a folder, or anywhere.
type place struct {
	root  *os.Root
	below string // the folder's absolute name
}

func (o Options) place() (place, error) {
	if o.Below == "" {
		return place{}, nil
	}
	below, err := filepath.Abs(o.Below)
	if err != nil {
		return place{}, err
	}
	root, err := os.OpenRoot(below)
	return place{root, below}, err
}

// inside is a name relative to the folder. An absolute one must lie in it.
func (p place) inside(name string) (string, error) {
	if !filepath.IsAbs(name) {
		return name, nil
	}
	relative, err := filepath.Rel(p.below, name)
	if err != nil || !filepath.IsLocal(relative) {
		return "", fmt.Errorf("%s lies outside of the folder for files: expected a relative name, or one that lies in it", name)
	}
	return relative, nil
}

func (p place) open(name string, flag int) (*os.File, error) {
	const mode = 0o666 // and the umask
	if p.root == nil {
		return os.OpenFile(name, flag, mode)
	}
	name, err := p.inside(name)
	if err != nil {
		return nil, err
	}
	return p.root.OpenFile(name, flag, mode)
}

func (p place) makeFolder(name string) error {
	const mode = 0o777 // and the umask
	if p.root == nil {
		return os.MkdirAll(name, mode)
	}
	name, err := p.inside(name)
	if err != nil {
		return err
	}
	return p.root.MkdirAll(filepath.Clean(name), mode)
}

func (p place) close() {
	if p.root != nil {
		_ = p.root.Close()
	}
}
