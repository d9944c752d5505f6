package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/beamfit/beamfit/pipelines/picture"
)

// reached is the accuracy that time is measured to.
var reached = map[string]float64{"mlp": 0.98, "cnn": 0.99}

// names are the networks as the page has them.
var names = map[string]string{"mlp": "784-512-512-10", "cnn": "CNN with two convolutions"}

const head = `# What averaging costs, and what it need not

Accuracy on the 10,000 test images of MNIST after every pass, in percent, with Adam and batches of 128. Every shard makes its passes over its own rows; MADlib's rule,
"plain", averages the weights once per pass. "auto" is ` + "`fit --sync auto`" + `, which with fewer than 8 shards is MADlib's rule to the bit and from 8 on begins with
a warm-up of a fifth of the passes. What the options do says the [user guide](user-guide.md#many-shards).

Written by ` + "`scripts/convergence/run`" + `, which repeats all of it. Weights depend on neither machine load nor cores, so accuracies do not either.
`

// tail is what the figures say, and what they do not.
const tail = `
## What follows

- The loss of accuracy is made in the first passes, from weights that were drawn at random: the mean of networks that do not agree on anything yet is worse than each. After one
  pass as one worker most of it is gone; after two, averaging once per pass ends where one shard ends.
- A warm-up costs time: its passes take as long as on one worker. With 16 shards on 16 cores ten passes, two of them warm-up, take as long as 2.5 passes of one worker,
  instead of 0.6 without a warm-up and 10 on one shard. ` + "`--warm-up-passes 1`" + ` takes 1.6 and ends a third of a point lower.
- Averaging more often does little by itself here: 16 shards make 30 steps a pass each, and the loss comes from how few these are, not from how far shards move apart. It is for
  passes of many steps.
- Momentum over averages (slowmo, nesterov) is worth half a point where there is no warm-up. With an average after every 5 steps nesterov overshoots, and after a warm-up slowmo
  makes things worse: the weights are too far along for steps that long.
- Sixteen shards of 750 rows make six steps a pass: there "auto" ends 0.3 to 0.5 points below one shard, where MADlib's rule ends 4.5 below. ` + "`--warm-up-passes 4`" + ` ends where one shard does.

The column "fits" says of how many seeds a row is the mean; a row that is not there has not been measured yet, and neither has the time of Keras and PyTorch (` + "`--python`" + `).
`

// writePage writes the page and its pictures of what results there are.
func writePage(dir string) error {
	results, err := readResults(dir)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(head)
	for _, g := range groups {
		if err := g.write(&b, results); err != nil {
			return err
		}
	}
	b.WriteString(tail)
	return os.WriteFile("docs/convergence.md", []byte(b.String()), 0o644)
}

// A line is a row of a table: means over seeds.
type line struct {
	name     string
	seeds    int
	accuracy []float64
}

// lineOf is the mean of the fits of a case's kind; ok: there is one.
func lineOf(results []result, name string, c fitCase) (l line, ok bool) {
	l = line{name: name, accuracy: make([]float64, passes)}
	for _, r := range results {
		of := r.Case
		of.Seed = c.Seed
		if of != c || len(r.Accuracy) != passes {
			continue
		}
		l.seeds++
		for i, a := range r.Accuracy {
			l.accuracy[i] += a
		}
	}
	for i := range l.accuracy {
		l.accuracy[i] /= float64(max(1, l.seeds))
	}
	return l, l.seeds > 0
}

func (g group) write(b *strings.Builder, results []result) error {
	fmt.Fprintf(b, "\n## %s\n\n%d training images.\n", names[g.net], g.rows)
	var main, others []line
	for _, shards := range shardCounts {
		for _, rule := range []string{"plain", "auto"} {
			name := fmt.Sprintf("%d shards, %s", shards, rule)
			if shards == 1 {
				name = "1 shard"
			}
			if l, ok := lineOf(results, name, fitCase{Net: g.net, Rows: g.rows, Shards: shards, Rule: rule}); ok {
				main = append(main, l)
			}
		}
	}
	for _, peer := range []string{"keras", "torch"} {
		if l, ok := lineOf(results, peer, fitCase{Net: g.net, Rows: g.rows, Peer: peer}); ok {
			main = append(main, l)
		}
	}
	for _, rule := range ruleNames() {
		c := fitCase{Net: g.net, Rows: g.rows, Shards: 16, Rule: rule}
		if l, ok := lineOf(results, rule, c); ok {
			if one, ok := find(results, fitCase{Net: g.net, Rows: g.rows, Shards: 16, Rule: rule, Seed: 1}); ok {
				l.seeds, l.accuracy = 1, one.Accuracy // one seed as all others here
			}
			others = append(others, l)
		}
	}
	table(b, "means", main)
	if err := g.picture(b, "shards", main); err != nil {
		return err
	}
	b.WriteString("\nOther rules on 16 shards, seed 1:\n")
	table(b, "rule", others)
	if err := g.picture(b, "rules", others); err != nil {
		return err
	}
	g.times(b, results)
	return nil
}

// table writes lines.
func table(b *strings.Builder, what string, lines []line) {
	fmt.Fprintf(b, "\n| %s | fits |", what)
	for i := range passes {
		fmt.Fprintf(b, " %d |", i+1)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", passes) + "\n")
	for _, l := range lines {
		fmt.Fprintf(b, "| %s | %d |", l.name, l.seeds)
		for _, a := range l.accuracy {
			fmt.Fprintf(b, " %.2f |", 100*a)
		}
		b.WriteString("\n")
	}
}

// picture draws lines.
func (g group) picture(b *strings.Builder, what string, lines []line) error {
	if len(lines) == 0 {
		return nil
	}
	var fits []picture.Fit
	for _, l := range lines[:min(len(lines), picture.MaxStyles)] {
		f := picture.Fit{Name: l.name, Scores: []picture.Score{{Name: "accuracy", Training: l.accuracy}}}
		for i := range passes {
			f.Iterations = append(f.Iterations, i+1)
		}
		fits = append(fits, f)
	}
	figure, err := picture.History(fits, picture.ByIteration)
	if err != nil {
		return err
	}
	var svg bytes.Buffer
	if err := figure.Write(&svg, picture.SVG); err != nil {
		return err
	}
	file := fmt.Sprintf("pictures/convergence-%s-%s.svg", g.net, what)
	fmt.Fprintf(b, "\n![accuracy by pass: %s, %s](%s)\n", names[g.net], what, file)
	return os.WriteFile("docs/"+file, svg.Bytes(), 0o644)
}

// times writes when each first reached the accuracy, where there is a peer to compare with: all in the same run on the same machine.
func (g group) times(b *strings.Builder, results []result) {
	goal := reached[g.net]
	var rows []string
	peers := false
	for _, r := range results {
		if r.Case.Net != g.net || r.Case.Rows != g.rows || r.Case.Seed != 1 || len(r.Seconds) == 0 {
			continue
		}
		for i, a := range r.Accuracy {
			if a >= goal {
				rows = append(rows, fmt.Sprintf("| %s | %d | %.0f |", r.Case, i+1, r.Seconds[i]))
				peers = peers || r.Case.Peer != ""
				break
			}
		}
	}
	if !peers {
		return
	}
	fmt.Fprintf(b, "\nFirst at %.0f %%, on %d cores of one machine:\n\n| | passes | seconds |\n|---|---|---|\n%s\n", 100*goal, runtime.NumCPU(), strings.Join(rows, "\n"))
}
