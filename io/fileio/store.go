package fileio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/fileio/internal/nofollow"
	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// scheme begins the URLs of folder stores.
const scheme = "file"

func init() {
	table.Register(scheme, table.Opener{
		Open:       func(ctx context.Context, url string, _ table.OpenOptions) (table.Store, error) { return Open(ctx, url) },
		Redact:     redact,
		MakeShared: makeShared,
	})
}

// A Store is a folder of tables. See the package comment for its layout.
type Store struct {
	root string // absolute
	ref  string
	disk disk
	mem  memory.Allocator

	mu        sync.Mutex
	closed    bool
	swept     bool
	outputs   map[*output]struct{}
	snapshots map[*snapshot]struct{}
	claims    map[*claim]struct{}
	runs      map[*runRecord]struct{}

	maxRuns int // table.MaxRuns, but in tests
}

var _ table.Store = (*Store)(nil)

var errStoreClosed = errors.New("the store is closed")

// Open opens the folder that a URL names: file:DIR, where DIR is absolute or relative to the working folder, or
// file:///DIR. A folder that does not exist is an empty store; the first write makes it. What killed processes were writing is removed.
func Open(ctx context.Context, url string) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := rootOf(url)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(root)
	switch {
	case err == nil && !info.IsDir(), errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("store file:%s: it is not a folder", root)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("store file:%s: %w", root, oserr.Named(err))
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("store file:%s %w: %w", root, table.ErrUnavailable, oserr.Named(err))
	}
	s := &Store{
		root: root, ref: scheme + ":" + root, disk: disk{root: nofollow.Root(root)}, mem: memory.NewGoAllocator(),
		outputs: map[*output]struct{}{}, snapshots: map[*snapshot]struct{}{}, claims: map[*claim]struct{}{},
		runs: map[*runRecord]struct{}{}, maxRuns: table.MaxRuns,
	}
	s.sweepOpened(ctx)
	return s, nil
}

// Now is this machine's clock in its time zone.
func (s *Store) Now(ctx context.Context) (time.Time, error) { return time.Now(), ctx.Err() }

// rootOf is the absolute path of the folder that a URL names.
func rootOf(url string) (string, error) {
	path, ok := strings.CutPrefix(url, scheme+":")
	if !ok {
		return "", fmt.Errorf("%w: expected file:DIR, found %q", table.ErrURL, url)
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		if !strings.HasPrefix(rest, "/") {
			return "", fmt.Errorf("%w: %q names a host; expected file:DIR or file:///DIR", table.ErrURL, url)
		}
		path = rest
	}
	if path == "" || strings.IndexByte(path, 0) >= 0 {
		return "", fmt.Errorf("%w: expected the name of a folder after the colon, found %q", table.ErrURL, url)
	}
	return filepath.Abs(path)
}

func redact(url string) (string, error) {
	root, err := rootOf(url)
	if err != nil {
		return "", err
	}
	return scheme + ":" + root, nil
}

// Ref is file: and the absolute path of the folder.
func (s *Store) Ref() string { return s.ref }

// Options has none: a folder has no connections.
func (*Store) Options() table.OpenOptions { return table.OpenOptions{} }

// connections keeps the files of a process, several for every reader and writer, far below the 1024 that it may usually have open.
const connections = 48

// Connections bounds the files that are open.
func (s *Store) Connections(int) int { return connections }

// CheckElsewhere: a folder is one of this machine, as far as its name tells.
func (s *Store) CheckElsewhere() error {
	return fmt.Errorf("store file:%s is a folder of this machine, which the workers do not see: use a PostgreSQL database that they reach", s.root)
}

// controlFolder holds what is no table.
const controlFolder = ".beamfit"

func (s *Store) control(names ...string) string {
	return filepath.Join(append([]string{s.root, controlFolder}, names...)...)
}

// The folders in the control folder.
const (
	outputsFolder = "outputs"
	locksFolder   = "locks"
	claimsFolder  = "claims"
	runsFolder    = "runs"
	trashFolder   = "trash"
)

// ready reports a store that is closed or a context that has ended.
func (s *Store) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errStoreClosed
	}
	return nil
}

// Close aborts the outputs that are open, ends the snapshots, releases the claims and lets go of the runs.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	var outputs []*output
	for o := range s.outputs {
		outputs = append(outputs, o)
	}
	var snapshots []*snapshot
	for n := range s.snapshots {
		snapshots = append(snapshots, n)
	}
	claims := slices.Collect(maps.Keys(s.claims))
	runs := slices.Collect(maps.Keys(s.runs))
	s.mu.Unlock()
	var errs []error
	for _, o := range outputs {
		errs = append(errs, o.Abort(context.Background()))
	}
	for _, n := range snapshots {
		errs = append(errs, n.Close())
	}
	for _, c := range claims {
		c.Release()
	}
	for _, r := range runs {
		r.shut()
	}
	return errors.Join(errs...)
}

// Lookup describes a table; Rows is exact.
func (s *Store) Lookup(ctx context.Context, name table.Name) (*table.Info, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	var info table.Info
	err := s.locked(ctx, false, func() (err error) {
		_, info, err = s.find(name)
		return err
	})
	if err != nil {
		return nil, about(name, err)
	}
	return &info, nil
}

// find reads what there is of a table in the catalog and in its manifest. The store must be locked.
func (s *Store) find(name table.Name) (entry, table.Info, error) {
	c, err := s.loadCatalog()
	if err != nil {
		return entry{}, table.Info{}, err
	}
	e, ok := c.find(name)
	if !ok {
		return entry{}, table.Info{}, table.ErrNotExist
	}
	m, schema, err := s.disk.loadManifest(s.generation(e), e.Manifest)
	if err != nil {
		return entry{}, table.Info{}, err
	}
	return e, table.Info{Name: name, Schema: schema, Rows: m.Rows, Exact: true}, nil
}

// generation is the folder of the generation that counts.
func (s *Store) generation(e entry) string { return filepath.Join(s.root, e.Folder, e.Generation) }

// List names the tables without a schema, sorted.
func (s *Store) List(ctx context.Context) ([]table.Name, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	var names []table.Name
	err := s.locked(ctx, false, func() error {
		c, err := s.loadCatalog()
		if err != nil {
			return err
		}
		for _, e := range c.Tables { // saved in order
			if e.Schema == "" {
				names = append(names, e.name())
			}
		}
		return nil
	})
	return names, err
}

// about makes err one about a table, unless it already is or the caller has given up.
func about(name table.Name, err error) error {
	var t *table.TableError
	var v *table.ValueError
	var c *table.ColumnError
	if err == nil || errors.As(err, &t) || errors.As(err, &v) || errors.As(err, &c) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errStoreClosed) {
		return err
	}
	return &table.TableError{Table: name, Err: err}
}
