package fileio

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/beamfit/beamfit/io/table"
)

// A catalog says which tables there are and which generation of each counts. It is one file; replacing it is the moment at
// which an output, of one table or of many, becomes visible.
type catalog struct {
	Format int     `json:"format"`
	Tables []entry `json:"tables"`
	// Checksum is that of the rest, as encode writes it; nil in format 1.
	Checksum *uint32 `json:"crc32c,omitempty"`
}

// An entry is one table of the catalogue.
type entry struct {
	Schema     string `json:"schema,omitempty"`
	Table      string `json:"table"`
	Folder     string `json:"folder"`     // in the store's folder
	Generation string `json:"generation"` // in the table's folder
	// Manifest is the checksum of the generation's manifest.
	Manifest uint32 `json:"manifest_crc32c"`
}

// catalogFormat is what is written. Format 1, which has no checksum, is read too.
const catalogFormat = 2

func (e entry) name() table.Name { return table.Name{Schema: e.Schema, Table: e.Table} }

// loadCatalog reads the catalogue; the store must be locked. Tables whose folder a person has removed do not count.
func (s *Store) loadCatalog() (*catalog, error) {
	path := s.control("catalog.json")
	data, err := s.disk.readSmall(path)
	if errors.Is(err, os.ErrNotExist) {
		return &catalog{Format: catalogFormat}, s.wantNoTables(path)
	}
	if err != nil {
		return nil, err
	}
	c := new(catalog)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, corrupt(path, "%w", err)
	}
	if c.Format < 1 || c.Format > catalogFormat {
		return nil, corrupt(path, "format %d; this version of beamfit reads the formats 1 to %d", c.Format, catalogFormat)
	}
	if err := c.verify(); err != nil {
		return nil, corrupt(path, "%w", err)
	}
	kept := c.Tables[:0]
	for _, e := range c.Tables {
		if checkName(e.name()) != nil || !inside(e.Folder) || !isGeneration(e.Generation) {
			return nil, corrupt(path, "an entry with table %q, folder %q, generation %q", e.Table, e.Folder, e.Generation)
		}
		if s.disk.exists(filepath.Join(s.root, e.Folder)) {
			kept = append(kept, e)
		}
	}
	c.Tables = kept
	return c, nil
}

// verify compares the checksum, where there is one or has to be.
func (c *catalog) verify() error {
	switch {
	case c.Checksum != nil:
		data, err := c.encode()
		if err != nil {
			return err
		}
		if got := crc32.Checksum(data, castagnoli); got != *c.Checksum {
			return fmt.Errorf("it has checksum %08x; it was written with %08x", got, *c.Checksum)
		}
	case c.Format > 1:
		return errors.New("it has no checksum")
	}
	return nil
}

// encode writes the catalogue without its checksum.
func (c *catalog) encode() ([]byte, error) {
	return json.Marshal(catalog{Format: c.Format, Tables: c.Tables})
}

// wantNoTables reports table folders where the catalogue is missing: they are not empty space to build a new store in.
func (s *Store) wantNoTables(path string) error {
	folders, err := s.disk.subfolders(s.root)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		generations, err := s.disk.subfolders(filepath.Join(s.root, folder))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(generations, isGeneration) {
			return corrupt(path, "it is missing, although the folder has tables, %s among them", folder)
		}
	}
	return nil
}

// saveCatalog replaces the catalogue; the store must be locked exclusively. It reports whether the new one counts, which
// it may also when making it durable failed.
func (s *Store) saveCatalog(c *catalog) (done bool, err error) {
	sort.Slice(c.Tables, func(i, j int) bool { return before(c.Tables[i].name(), c.Tables[j].name()) })
	c.Format = catalogFormat
	data, err := c.encode()
	if err != nil {
		return false, err
	}
	sum := crc32.Checksum(data, castagnoli)
	c.Checksum = &sum
	if data, err = json.MarshalIndent(c, "", " "); err != nil {
		return false, err
	}
	if err := s.disk.replace(s.control("catalog.json"), append(data, '\n')); err != nil {
		return false, err
	}
	return true, s.disk.syncDir(s.control())
}

func before(a, b table.Name) bool {
	if a.Schema != b.Schema {
		return a.Schema < b.Schema
	}
	return a.Table < b.Table
}

func (c *catalog) find(n table.Name) (entry, bool) {
	for _, e := range c.Tables {
		if e.name() == n {
			return e, true
		}
	}
	return entry{}, false
}

func (c *catalog) remove(n table.Name) {
	for i, e := range c.Tables {
		if e.name() == n {
			c.Tables = append(c.Tables[:i], c.Tables[i+1:]...)
			return
		}
	}
}

func (c *catalog) put(n table.Name, generation string, manifest uint32) {
	c.remove(n)
	c.Tables = append(c.Tables, entry{n.Schema, n.Table, folderOf(n), generation, manifest})
}

// counts reports whether a generation folder is the one that counts.
func (c *catalog) counts(folder, generation string) bool {
	for _, e := range c.Tables {
		if e.Folder == folder && e.Generation == generation {
			return true
		}
	}
	return false
}
