package main

import "slices"

// A command is a beamfit command line that a fault happens to.
type command struct {
	name     string
	args     []string
	pipeline bool     // it runs on an engine
	reads    []string // tables
	input    string   // file that it reads
	// checksummed tells that the input has checksums, so that damage is noticed. Else damaged bytes may be other values.
	checksummed bool
	writes      []string // tables and, as "file NAME", files
	checkpoint  string   // table that it goes on from; it is dropped at the end
	claims      bool     // of two at once one is refused before it works
}

// meets tells whether one of two commands writes what the other reads or writes.
func (c *command) meets(other *command) bool {
	writesOf := func(a, b *command) bool {
		return slices.ContainsFunc(a.writes, func(name string) bool {
			return slices.Contains(b.reads, name) || slices.Contains(b.writes, name)
		})
	}
	return writesOf(c, other) || writesOf(other, c)
}

const (
	rowTypes = "id integer, x real[], label text"
	compile  = "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
)

// fit is the command line of a fit.
func fit(model, arch, iterations string, more ...string) []string {
	return slices.Concat([]string{
		"fit", "packed", model, "--arch", "arch", "--id", arch, "--compile", compile, "--fit", "batch_size=32",
		"--iterations", iterations,
	}, more)
}

// setUp are the commands that fill a template, in a folder with the files of inputs.
var setUp = [][]string{
	{"import", "rows.csv", "rows", "--types", rowTypes},
	{"import", "few.csv", "few", "--types", rowTypes},
	{"import", "few.csv", "replaced", "--types", rowTypes},
	{"import", "few.csv", "doomed", "--types", rowTypes},
	{"import", "few.csv", "doomed_too", "--types", rowTypes},
	{"export", "rows", "rows.parquet"},
	{"split", "rows", "part", "--train", "0.8", "--separate"},
	{"preprocess", "part_train", "packed", "--dependent", "label", "--independent", "x", "--shards", "2", "--buffer-size", "400"},
	{"preprocess", "part_test", "packed_test", "--dependent", "label", "--independent", "x", "--like", "packed"},
	{"load-model", "arch", "small.json"},
	{"load-model", "arch", "large.json"},
	fit("model", "1", "2"),
	{"load-model", "arch", "small.json", "--weights-from", "model"},
}

// The commands of the cases. The tables that they write do not exist before, but for those that they replace or change.
var commands = []*command{
	{
		name: "import of CSV", args: []string{"import", "rows.csv", "new", "--types", rowTypes},
		input: "rows.csv", writes: []string{"new"},
	},
	{
		name: "import of Parquet", args: []string{"import", "rows.parquet", "new"},
		input: "rows.parquet", checksummed: true, writes: []string{"new"},
	},
	{
		name: "import --replace", args: []string{"import", "rows.csv", "replaced", "--types", rowTypes, "--replace"},
		input: "rows.csv", reads: []string{"replaced"}, writes: []string{"replaced"},
	},
	{
		name: "export to CSV", args: []string{"export", "rows", "new.csv"},
		reads: []string{"rows"}, writes: []string{"file new.csv"},
	},
	{
		name: "export to Parquet", args: []string{"export", "rows", "new.parquet"},
		reads: []string{"rows"}, writes: []string{"file new.parquet"},
	},
	{
		name: "drop", args: []string{"drop", "doomed", "doomed_too"},
		reads: []string{"doomed", "doomed_too"}, writes: []string{"doomed", "doomed_too"},
	},
	{
		name: "split", args: []string{"split", "rows", "new", "--train", "0.7", "--separate", "--strata", "label", "--seed", "3"}, pipeline: true,
		reads: []string{"rows"}, writes: []string{"new_train", "new_test"},
	},
	{
		name: "preprocess", pipeline: true,
		args:  []string{"preprocess", "rows", "new", "--dependent", "label", "--independent", "x", "--shards", "3", "--buffer-size", "300", "--seed", "5"},
		reads: []string{"rows"}, writes: []string{"new", "new_summary"},
	},
	{
		name: "preprocess --like", pipeline: true,
		args:  []string{"preprocess", "rows", "new", "--dependent", "label", "--independent", "x", "--like", "packed"},
		reads: []string{"rows", "packed", "packed_summary"}, writes: []string{"new", "new_summary"},
	},
	{
		name: "preprocess --validation-share", pipeline: true,
		args: []string{
			"preprocess", "rows", "new", "--dependent", "label", "--independent", "x", "--shards", "3", "--buffer-size", "300", "--seed", "5",
			"--validation-share", "0.3", "--validation-output", "new_held",
		},
		reads: []string{"rows"}, writes: []string{"new", "new_summary", "new_held", "new_held_summary"},
	},
	{
		name: "load-model", args: []string{"load-model", "arch", "large.json", "--name", "again"},
		input: "large.json", reads: []string{"arch"}, writes: []string{"arch"},
	},
	{
		name: "load-model --weights-from", args: []string{"load-model", "arch", "small.json", "--weights-from", "model"},
		input: "small.json", reads: []string{"arch", "model"}, writes: []string{"arch"},
	},
	{
		name: "delete-model", args: []string{"delete-model", "arch", "2"},
		reads: []string{"arch"}, writes: []string{"arch"},
	},
	{
		name: "fit with validation", args: fit("new", "1", "6", "--validation", "packed_test", "--metrics-every", "1"), pipeline: true, claims: true,
		reads: []string{"packed", "packed_summary", "packed_test", "packed_test_summary", "arch"}, writes: []string{"new", "new_summary"},
	},
	{
		name: "long fit", args: fit("new", "2", "60", "--metrics-every", "10"), pipeline: true, claims: true,
		reads: []string{"packed", "packed_summary", "arch"}, writes: []string{"new", "new_summary"},
	},
	{
		name: "fit with checkpoints", pipeline: true, claims: true, checkpoint: "new_checkpoint",
		args:  fit("new", "2", "20", "--metrics-every", "5", "--checkpoint-every", "1"),
		reads: []string{"packed", "packed_summary", "arch"}, writes: []string{"new", "new_summary"},
	},
	{
		name: "fit --warm-start", args: fit("model", "1", "10", "--warm-start", "--iterations-per-job", "5"), pipeline: true, claims: true,
		reads: []string{"packed", "packed_summary", "arch", "model", "model_summary"}, writes: []string{"model", "model_summary"},
	},
	{
		name: "evaluate", args: []string{"evaluate", "model", "packed_test", "new"}, pipeline: true,
		reads: []string{"model", "model_summary", "packed_test", "packed_test_summary"}, writes: []string{"new"},
	},
	{
		name: "predict", args: []string{"predict", "model", "rows", "new", "--id-column", "id", "--independent", "x"}, pipeline: true,
		reads: []string{"model", "model_summary", "rows"}, writes: []string{"new"},
	},
	{
		name: "predict-byom", args: []string{"predict-byom", "arch", "3", "rows", "new", "--id-column", "id", "--independent", "x"}, pipeline: true,
		reads: []string{"arch", "rows"}, writes: []string{"new"},
	},
}

// engineCommands are the jobs. Those that train are shorter: there is a pipeline of at least half a second for every checkpoint.
var engineCommands = func() (list []*command) {
	for _, c := range commands {
		if !c.pipeline {
			continue
		}
		shorter := *c
		switch c.name {
		case "long fit":
			shorter.args = fit("new", "2", "20", "--metrics-every", "10")
		case "fit with checkpoints":
			shorter.args = fit("new", "2", "12", "--metrics-every", "6", "--checkpoint-every", "3")
		}
		list = append(list, &shorter)
	}
	return list
}()

// disturbers are commands that run beside one of commands: they drop, replace and change what it reads.
var disturbers = []*command{
	{name: "drop of the rows", args: []string{"drop", "rows"}, writes: []string{"rows"}},
	{name: "replacing the rows", args: []string{"import", "few.csv", "rows", "--types", rowTypes, "--replace"}, writes: []string{"rows"}},
	{name: "drop of the packed table", args: []string{"drop", "packed", "packed_summary"}, writes: []string{"packed", "packed_summary"}},
	{name: "drop of the model", args: []string{"drop", "model", "model_summary"}, writes: []string{"model", "model_summary"}},
	{name: "drop of the architectures", args: []string{"drop", "arch"}, writes: []string{"arch"}},
	{name: "another load-model", args: []string{"load-model", "arch", "small.json"}, writes: []string{"arch"}},
	{name: "another delete-model", args: []string{"delete-model", "arch", "1"}, writes: []string{"arch"}},
	{name: "drop of the table to replace", args: []string{"drop", "replaced"}, writes: []string{"replaced"}},
	{name: "drop of one of the tables", args: []string{"drop", "doomed_too"}, writes: []string{"doomed_too"}},
	{name: "another output of the name", args: []string{"import", "few.csv", "new", "--types", rowTypes}, writes: []string{"new"}},
}

// nextCommands are what runs after each case: from a table that no case touches they write and drop tables and write a file, and so
// remove what killed commands left.
var nextCommands = [][]string{
	{"preprocess", "few", "next", "--dependent", "label", "--independent", "x"},
	{"drop", "next", "next_summary"},
	{"export", "few", "next.csv"},
}
