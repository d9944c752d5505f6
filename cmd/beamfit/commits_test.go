package main

import (
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestTransientOutputs: a run whose tables are committed has only to clean up, although boxes and the lease of its job are open.
func TestTransientOutputs(t *testing.T) {
	store, err := table.Open(t.Context(), "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	watched := &watchedStore{store, new(commits)}
	create := func(name string, transient bool) table.Output {
		t.Helper()
		spec := table.TableSpec{Name: table.Name{Table: name}, Schema: table.Schema{{Name: "id", Type: table.Int32Type}}}
		out, err := watched.Create(t.Context(), table.CreateOptions{Tables: []table.TableSpec{spec}, Transient: transient})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Abort(t.Context()) })
		return out
	}
	create("lease", true)
	out := create("model", false)
	if watched.commits.pending() {
		t.Error("pending before anything is committed")
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !watched.commits.pending() {
		t.Error("the run is given up with its table committed")
	}
	create("more", false)
	if watched.commits.pending() {
		t.Error("pending while another table is not committed")
	}
}
