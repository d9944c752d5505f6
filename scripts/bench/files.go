package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// The rows that files hold: a number, 28 random ones in an array, a class.
const (
	fileRows  = 500_000
	fileWidth = 28
	fileTypes = "id bigint, x real[], label text"
)

// csvFile is the rows as CSV.
var csvFile = sync.OnceValues(func() (string, error) {
	path, err := scratch.path("rows.csv")
	if err != nil {
		return "", err
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(out, "id,x,label")
	r := rand.New(rand.NewPCG(1, 2))
	var line []byte
	for i := range fileRows {
		line = fmt.Appendf(line[:0], "%d,\"{", i)
		for k := range fileWidth {
			if k > 0 {
				line = append(line, ',')
			}
			line = table.AppendFloat(line, float64(float32(r.NormFloat64())), 32)
		}
		line = fmt.Appendf(line, "}\",%c\n", 'a'+r.IntN(2))
		if _, err := out.Write(line); err != nil {
			return "", err
		}
	}
	return path, errors.Join(out.Flush(), f.Close())
})

// A fileStore is a store with the rows in the table rows.
type fileStore func() (*store, error)

var rowsInFolder, rowsInPostgres fileStore = sync.OnceValues(func() (*store, error) { return withRows(folder("rows")) }),
	sync.OnceValues(func() (*store, error) { return withRows(postgres()) })

func withRows(s *store, err error) (*store, error) {
	if err != nil {
		return nil, err
	}
	path, err := csvFile()
	if err != nil {
		return nil, err
	}
	err = s.beamfit("import", path, "rows", "--types", fileTypes)
	if err == nil && strings.HasPrefix(s.url, "postgres") {
		_, err = command(nil, "psql", "--quiet", s.url, "--command", "VACUUM ANALYZE rows")
	}
	return s, err
}

// importing is beamfit's import of a file, over the table of the turn before.
func importing(of fileStore, file func() (string, error), args ...string) func() (*side, error) {
	return func() (*side, error) {
		s, err := of()
		if err != nil {
			return nil, err
		}
		path, err := file()
		run := func() error { return s.beamfit(append([]string{"import", path, "copy", "--replace"}, args...)...) }
		return &side{run: func() (float64, error) { return seconds(run) }}, errors.Join(err, run())
	}
}

// exporting is beamfit's export to a file of that name.
func exporting(of fileStore, name string) func() (*side, error) {
	return func() (*side, error) {
		s, err := of()
		if err != nil {
			return nil, err
		}
		path, err := scratch.path(name)
		run := func() error { return s.beamfit("export", "rows", path) }
		return &side{run: func() (float64, error) { return seconds(run) }}, errors.Join(err, run())
	}
}

// parquetFile is the rows as beamfit writes them.
func parquetFile() (string, error) {
	path, err := scratch.path("rows.parquet")
	if err != nil {
		return "", err
	}
	s, err := rowsInFolder()
	if err != nil {
		return "", err
	}
	return path, s.beamfit("export", "rows", path)
}

// copying is psql's \copy: setup comes before it in the same command.
func copying(setup, direction string) func(*work) (*side, error) {
	return func(*work) (*side, error) {
		s, err := rowsInPostgres()
		if err != nil {
			return nil, err
		}
		path, err := csvFile()
		if direction == "to" {
			path, err = scratch.path("copied.csv")
		}
		run := func() error {
			_, err := command(nil, "psql", "--quiet", s.url, "--command", setup, "--command", fmt.Sprintf(`\copy copied %s '%s' csv header`, direction, path))
			return err
		}
		return &side{setting: `\copy`, run: func() (float64, error) { return seconds(run) }}, errors.Join(err, run())
	}
}

// reading is a peer that reads or writes the Parquet file.
func reading(op string) func(*work) (*side, error) {
	return func(w *work) (*side, error) {
		path, err := parquetFile()
		if err != nil {
			return nil, err
		}
		out, err := scratch.path("peer.parquet")
		if err != nil {
			return nil, err
		}
		return askPeer(w.peer, w.cores, map[string]any{"op": op, "path": path, "out": out})
	}
}

// fileWorks are imports and exports.
func fileWorks(cores int) (list []*work) {
	create := "DROP TABLE IF EXISTS copied; CREATE TABLE copied (" + fileTypes + ")"
	fill := "CREATE TABLE IF NOT EXISTS copied AS TABLE rows"
	add := func(name string, atLeast float64, ours func() (*side, error), peer string, theirs func(*work) (*side, error)) {
		list = append(list, &work{
			name: "command: " + name, cores: cores, rows: fileRows, atLeast: atLeast, turns: commandTurns, ours: ours, peer: peer, theirs: theirs,
		})
	}
	typed := []string{"--types", fileTypes}
	add("import CSV, PostgreSQL", 1, importing(rowsInPostgres, csvFile, typed...), "psql", copying(create, "from"))
	add("import CSV, folder", 1, importing(rowsInFolder, csvFile, typed...), "psql", copying(create, "from"))
	add("import CSV, folder, types found", 0, importing(rowsInFolder, csvFile), "psql", copying(create, "from"))
	add("export CSV, PostgreSQL", 1, exporting(rowsInPostgres, "out.csv"), "psql", copying(fill, "to"))
	add("export CSV, folder", 1, exporting(rowsInFolder, "out.csv"), "psql", copying(fill, "to"))
	for _, peer := range []string{"pyarrow", "duckdb"} {
		atLeast := 0.5
		if peer == "duckdb" {
			atLeast = 0
		}
		add("import Parquet, folder", 0, importing(rowsInFolder, parquetFile), peer, reading("read"))
		add("export Parquet, folder", atLeast, exporting(rowsInFolder, "out.parquet"), peer, reading("write"))
	}
	add("import Parquet, PostgreSQL", 0, importing(rowsInPostgres, parquetFile), "psql", copying(create, "from"))
	add("export Parquet, PostgreSQL", 0, exporting(rowsInPostgres, "out.parquet"), "psql", copying(fill, "to"))
	return list
}
