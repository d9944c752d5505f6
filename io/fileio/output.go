package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// An output is a set of tables being written, each into a generation folder that no catalogue names yet. Its description,
// outputs/ID.json, tells writers in other processes where, and the lock on it tells sweepers that the owner lives.
type output struct {
	store   *Store
	id      string
	specs   []table.TableSpec
	removes []table.Name
	alive   *lock

	transient bool // it is never committed

	mu    sync.Mutex
	state outputState
}

type outputState int

const (
	writing outputState = iota
	committed
	aborted
)

// An outputMeta is the content of an output's description.
type outputMeta struct {
	Tables []stagedMeta `json:"tables"`
}

type stagedMeta struct {
	Schema  string       `json:"schema,omitempty"`
	Table   string       `json:"table"`
	Columns []columnMeta `json:"columns"`
}

func (m stagedMeta) name() table.Name { return table.Name{Schema: m.Schema, Table: m.Table} }

func (s *Store) outputPath(id string) string { return s.control(outputsFolder, id+".json") }

// staged is the generation folder of a table of an output.
func (s *Store) staged(id string, name table.Name) string {
	return filepath.Join(s.root, folderOf(name), generationPrefix+id)
}

// Create starts an output.
func (s *Store) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := checkOptions(opt); err != nil {
		return nil, err
	}
	s.sweepOnce(ctx)
	return s.create(ctx, opt)
}

func (s *Store) create(ctx context.Context, opt table.CreateOptions) (*output, error) {
	o := &output{store: s, id: newID(), specs: slices.Clone(opt.Tables), removes: slices.Clone(opt.Removes), transient: opt.Transient}
	var trash []string
	err := s.locked(ctx, true, func() error {
		c, err := s.loadCatalog()
		if err != nil {
			return err
		}
		if err := o.checkFree(c); err != nil {
			return err
		}
		if !s.disk.exists(s.control("catalog.json")) {
			if _, err := s.saveCatalog(c); err != nil {
				return err
			}
		}
		trash = s.sweepOutputs()
		return o.stage()
	})
	_ = s.empty(trash)
	if err != nil {
		return nil, about(opt.Tables[0].Name, err)
	}
	s.mu.Lock()
	s.outputs[o] = struct{}{}
	s.mu.Unlock()
	return o, nil
}

// stage writes the description, locks it and makes the generation folders; the store must be locked.
func (o *output) stage() (err error) {
	s := o.store
	var meta outputMeta
	for _, t := range o.specs {
		meta.Tables = append(meta.Tables, stagedMeta{t.Name.Schema, t.Name.Table, columnsOf(t.Schema)})
	}
	data, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = o.drop()
			o.alive.release()
		}
	}()
	path := s.outputPath(o.id)
	if err := s.disk.replace(path, append(data, '\n')); err != nil {
		return err
	}
	if o.alive, err = s.disk.tryTake(path, true); err != nil {
		return err
	}
	for _, t := range o.specs {
		if err := s.disk.mkdir(filepath.Join(s.root, folderOf(t.Name))); err != nil {
			return about(t.Name, err)
		}
		if err := s.disk.mkdir(s.staged(o.id, t.Name)); err != nil {
			return about(t.Name, err)
		}
	}
	return nil
}

func checkOptions(opt table.CreateOptions) error {
	if len(opt.Tables) == 0 {
		return errors.New("an output needs at least one table")
	}
	seen := map[table.Name]bool{}
	for _, n := range namesOf(opt.Tables, opt.Removes) {
		if err := checkName(n); err != nil {
			return err
		}
		if seen[n] {
			return about(n, errors.New("it appears twice in one output"))
		}
		seen[n] = true
	}
	for _, t := range opt.Tables {
		if err := t.Schema.Check(); err != nil {
			return about(t.Name, err)
		}
	}
	return nil
}

// namesOf are the names of all tables that an output changes.
func namesOf(specs []table.TableSpec, removes []table.Name) []table.Name {
	names := slices.Clone(removes)
	for _, t := range specs {
		names = append(names, t.Name)
	}
	return names
}

// checkFree reports a table that exists and may not be replaced.
func (o *output) checkFree(c *catalog) error {
	for _, t := range o.specs {
		if _, ok := c.find(t.Name); ok && !t.Replace {
			return &table.TableError{Table: t.Name, Err: table.ErrExist}
		}
	}
	return nil
}

func (o *output) ID() string { return o.id }

// Append opens a part.
func (s *Store) Append(ctx context.Context, part table.Part) (table.Writer, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if !plainWord(part.Key) || len(part.Key) > longestFolder/3 {
		return nil, fmt.Errorf("part key %q: expected 1 to %d letters, digits, - and _", part.Key, longestFolder/3)
	}
	staged, schema, err := s.stagedTable(part)
	if err != nil {
		return nil, err
	}
	dir := s.staged(part.Output, staged.name())
	if s.disk.exists(recordPath(dir, part.Key)) {
		return skipWriter{staged.name(), schema}, nil
	}
	return &partWriter{
		disk: s.disk, mem: s.mem, dir: dir, name: staged.name(), schema: schema,
		publish: func(ctx context.Context, p partMeta) (bool, error) { return s.publish(ctx, part.Output, dir, p) },
		part:    partMeta{Key: part.Key},
		pending: table.NewBatch(schema),
	}, nil
}

func (s *Store) outputMeta(id string) (outputMeta, error) {
	var meta outputMeta
	if !plainWord(id) {
		return meta, fmt.Errorf("output %q does not exist", id)
	}
	data, err := s.disk.readSmall(s.outputPath(id))
	if errors.Is(err, os.ErrNotExist) {
		return meta, errEnded(id)
	}
	if err != nil {
		return meta, err
	}
	if err := json.Unmarshal(data, &meta); err != nil {
		return meta, corrupt(s.outputPath(id), "%w", err)
	}
	return meta, nil
}

func errEnded(id string) error {
	return fmt.Errorf("output %q does not exist: it was committed or aborted, or its process has ended", id)
}

// publish makes a part known, unless its key is already.
func (s *Store) publish(ctx context.Context, output, dir string, part partMeta) (first bool, err error) {
	err = s.locked(ctx, true, func() error {
		if !s.disk.exists(s.outputPath(output)) || s.disk.exists(filepath.Join(dir, manifestFile)) {
			return errEnded(output)
		}
		if s.disk.exists(recordPath(dir, part.Key)) {
			return nil
		}
		first = true
		return writeRecord(s.disk, dir, part)
	})
	return first && err == nil, err
}

// Commit makes all tables visible, and takes away those that are to be removed.
func (o *output) Commit(ctx context.Context) error {
	release, err := o.store.lockTables(ctx, namesOf(o.specs, o.removes)...)
	if err != nil {
		return err
	}
	defer release()
	return o.commit(ctx)
}

// commit is Commit for one who holds the locks of the tables.
func (o *output) commit(ctx context.Context) error {
	if err := o.store.ready(ctx); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != writing {
		return fmt.Errorf("output %q is already committed or aborted", o.id)
	}
	if o.transient {
		return fmt.Errorf("output %q is transient: it is never committed", o.id)
	}
	s := o.store
	err := s.locked(ctx, true, func() error {
		c, err := s.loadCatalog()
		if err != nil {
			return err
		}
		if err := o.checkFree(c); err != nil {
			return err
		}
		for _, t := range o.specs {
			sum, err := s.seal(ctx, s.staged(o.id, t.Name), t)
			if err != nil {
				return about(t.Name, err)
			}
			c.put(t.Name, generationPrefix+o.id, sum)
		}
		for _, n := range o.removes {
			c.remove(n)
		}
		if err := s.disk.syncDir(s.root); err != nil {
			return err
		}
		done, err := s.saveCatalog(c)
		if done {
			o.state = committed
			_ = s.disk.removeAll(s.outputPath(o.id))
		}
		return err
	})
	if o.state == committed {
		o.end()
		for _, n := range namesOf(o.specs, o.removes) {
			s.sweepFolder(folderOf(n))
		}
	}
	return err
}

// seal turns the records of the parts into the manifest of the generation, removes everything else, such as files of parts
// that were given up, and makes the folder durable. It returns the checksum of the manifest.
func (s *Store) seal(ctx context.Context, dir string, t table.TableSpec) (sum uint32, err error) {
	entries, err := s.disk.readDir(dir)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, manifestFile)
	if !s.disk.exists(path) { // else a Commit that failed later has made it
		data, err := s.disk.makeManifest(ctx, dir, entries, t)
		if err != nil {
			return 0, err
		}
		if err := s.disk.replace(path, data); err != nil {
			return 0, err
		}
	}
	data, err := s.disk.readSmall(path)
	if err != nil {
		return 0, err
	}
	m, _, err := parseManifest(data)
	if err != nil {
		return 0, corrupt(path, "the records of the parts contradict each other: %w", err)
	}
	kept := map[string]bool{manifestFile: true}
	for _, p := range m.Parts {
		for _, f := range p.Files {
			kept[f.Name] = true
		}
	}
	for _, e := range entries {
		if !kept[e.Name()] {
			if err := s.disk.removeAll(filepath.Join(dir, e.Name())); err != nil {
				return 0, err
			}
		}
	}
	if err := s.disk.syncDir(dir); err != nil {
		return 0, err
	}
	return crc32.Checksum(data, castagnoli), s.disk.syncDir(filepath.Dir(dir))
}

// makeManifest gathers the records of the parts.
func (d disk) makeManifest(ctx context.Context, dir string, entries []os.DirEntry, t table.TableSpec) ([]byte, error) {
	m := &manifest{Format: manifestFormat, Schema: t.Name.Schema, Table: t.Name.Table, Columns: columnsOf(t.Schema), Parts: []partMeta{}}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), recordSuffix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part, err := d.readRecord(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		m.Parts = append(m.Parts, part)
		m.Rows += part.rows()
	}
	slices.SortFunc(m.Parts, func(a, b partMeta) int { return strings.Compare(a.Key, b.Key) })
	data, err := json.Marshal(m)
	return append(data, '\n'), err
}

// Abort drops what was written, also when ctx has ended.
func (o *output) Abort(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != writing {
		return nil
	}
	var left []string
	err := o.store.locked(context.WithoutCancel(ctx), true, func() (err error) {
		left, err = o.drop()
		return err
	})
	if err != nil {
		return fmt.Errorf("abort of output %q: %w", o.id, err)
	}
	o.state = aborted
	o.end()
	return o.store.empty(left)
}

// drop moves the staged folders to the trash and removes the description; the store must be locked.
func (o *output) drop() (trash []string, err error) {
	s := o.store
	var folders []string
	for _, t := range o.specs {
		folders = append(folders, folderOf(t.Name))
		moved, err := s.discard(folderOf(t.Name), generationPrefix+o.id)
		if err != nil {
			return trash, err
		}
		trash = append(trash, moved...)
	}
	return trash, s.removeOutput(o.id, folders)
}

// end forgets an output that is committed or aborted.
func (o *output) end() {
	o.alive.release()
	o.store.mu.Lock()
	delete(o.store.outputs, o)
	o.store.mu.Unlock()
}
