package main

import (
	"fmt"
	"os"
	"strconv"
)

// testRows are the rows that split leaves out of 500,000.
const testRows = fileRows / 5

// tableWorks are the commands between rows in PostgreSQL and predictions there: each against COPY of the same rows, and all of them against a Python
// script that does the same.
func tableWorks(cores int) (list []*work) {
	step := func(name string, rows int, table string, args func(output string) []string) {
		list = append(list, &work{
			name: "command: " + name + ", PostgreSQL", cores: cores, rows: rows, atLeast: 0.75, turns: commandTurns,
			ours: func() (*side, error) {
				s, err := tabular.ready()
				if err != nil {
					return nil, err
				}
				return s.timed(args), nil
			},
			peer: "psql", theirs: copyingOutAndIn(table),
		})
	}
	step("split", fileRows, "rows", func(output string) []string { return tabular.split("rows", output) })
	step("preprocess", fileRows, "rows", func(output string) []string { return tabular.preprocess("rows", output) })
	step("predict", testRows, "tabular_test", func(output string) []string { return tabular.predict("tabular", "tabular_test", output) })
	for _, c := range []struct {
		title string
		rows  int
		data  *dataset
	}{{"500,000 x 28", fileRows, &tabular}, {"MNIST", mnistRows, &images}} {
		for _, way := range []struct {
			title    string
			commands func(*dataset) [][]string
		}{{"", (*dataset).commands}, {", split while packing", (*dataset).fewer}} {
			for i, peer := range []string{"keras", "torch"} {
				list = append(list, &work{
					name: "commands: rows to predictions, PostgreSQL, " + c.title + way.title, cores: cores, rows: c.rows, atLeast: []float64{4, 2}[i], turns: commandTurns,
					ours: func() (*side, error) { return c.data.toPredictions(way.commands(c.data)) }, peer: peer, theirs: c.data.script,
				})
			}
		}
	}
	return list
}

// A dataset is a table in PostgreSQL and a network for it.
type dataset struct {
	net                    net
	store                  fileStore
	table, features, label string
	scale                  int
}

const (
	endPasses = 3
	endBatch  = 256
)

var (
	tabular = dataset{
		net:   net{name: "tabular", shape: []int{fileWidth}, layers: []layer{dense(64, "relu"), dense(64, "relu"), dense(2, "softmax")}},
		store: rowsInPostgres, table: "rows", features: "x", label: "label", scale: 1,
	}
	images = dataset{net: findNet("mnist_mlp"), store: postgres, table: "train", features: "image", label: "label", scale: 255}
)

func (d *dataset) split(source, root string) []string {
	return []string{"split", source, root, "--train", "0.8", "--separate", "--replace"}
}

func (d *dataset) preprocess(source, output string) []string {
	return []string{
		"preprocess", source, output, "--dependent", d.label, "--independent", d.features, "--normalize", strconv.Itoa(d.scale), "--shards", "2", "--replace",
	}
}

func (d *dataset) fit(packed, model string) []string {
	return []string{
		"fit", packed, model, "--arch", d.net.name + "_arch", "--id", "1", "--iterations", strconv.Itoa(endPasses), "--replace",
		"--fit", fmt.Sprintf("batch_size=%d", endBatch), "--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
	}
}

func (d *dataset) predict(model, test, output string) []string {
	return []string{"predict", model, test, output, "--id-column", "id", "--type", "response", "--replace"}
}

// commands are all from rows to predictions; the tables begin with the name of the network.
func (d *dataset) commands() [][]string {
	name := d.net.name
	return [][]string{
		d.split(d.table, name), d.preprocess(name+"_train", name+"_packed"), d.fit(name+"_packed", name), d.predict(name, name+"_test", name+"_predicted"),
	}
}

// fewer are commands with the same result, without the tables of the two parts of the rows.
func (d *dataset) fewer() [][]string {
	name, share := d.net.name, []string{"--validation-share", "0.2"}
	return [][]string{
		append(d.preprocess(d.table, name+"_packed"), append(share, "--validation-output", name+"_val")...), d.fit(name+"_packed", name),
		append(d.predict(name, d.table, name+"_predicted"), share...),
	}
}

// ready is the store with the architecture, where all commands have run once.
func (d *dataset) ready() (*store, error) {
	s, err := d.store()
	if err != nil {
		return nil, err
	}
	path, err := scratch.path(d.net.name + ".json")
	if err != nil {
		return nil, err
	}
	text, err := d.net.keras()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	for _, args := range append([][]string{{"load-model", d.net.name + "_arch", path}}, d.commands()...) {
		if err := s.beamfit(args...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// toPredictions runs commands, one after the other.
func (d *dataset) toPredictions(commands [][]string) (*side, error) {
	s, err := d.ready()
	if err != nil {
		return nil, err
	}
	return &side{run: func() (float64, error) {
		return seconds(func() error {
			for _, args := range commands {
				if err := s.beamfit(args...); err != nil {
					return err
				}
			}
			return nil
		})
	}}, nil
}

// script is the Python script, whole processes.
func (d *dataset) script(w *work) (*side, error) {
	s, err := d.store()
	if err != nil {
		return nil, err
	}
	run := func() error {
		_, err := command(nil, peers.python, "scripts/bench/endtoend.py", w.peer, "--threads", strconv.Itoa(w.cores), "--net", d.net.name, "--url", s.url,
			"--table", d.table, "--features", d.features, "--label", d.label, "--scale", strconv.Itoa(d.scale),
			"--passes", strconv.Itoa(endPasses), "--batch", strconv.Itoa(endBatch), "--output", d.net.name+"_of_"+w.peer)
		return err
	}
	return &side{setting: "script: ADBC, training, COPY", run: func() (float64, error) { return seconds(run) }}, run()
}

// copyingOutAndIn copies a table to a file and back into a new table.
func copyingOutAndIn(table string) func(*work) (*side, error) {
	return func(*work) (*side, error) {
		s, err := tabular.ready()
		if err != nil {
			return nil, err
		}
		path, err := scratch.path("copied.bin")
		if err != nil {
			return nil, err
		}
		run := func() error {
			_, err := command(nil, "psql", "--quiet", s.url, "--command", fmt.Sprintf(`\copy %s to '%s' (format binary)`, table, path),
				"--command", fmt.Sprintf("DROP TABLE IF EXISTS copied_back; CREATE TABLE copied_back (LIKE %s)", table), "--command", fmt.Sprintf(`\copy copied_back from '%s' (format binary)`, path))
			return err
		}
		return &side{setting: `binary \copy out and in`, run: func() (float64, error) { return seconds(run) }}, run()
	}
}
