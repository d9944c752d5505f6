package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/pipelines/picture"
)

// names are the networks and the sets of images as the page has them.
var names = map[string]string{"mlp": "784-512-512-10", "cnn": "CNN with two convolutions", "mnist": "MNIST", "fashion": "Fashion-MNIST"}

// title is that of the group's section.
func (g group) title() string {
	return fmt.Sprintf("%s, %s, %d training images", names[g.net], names[g.set], g.rows)
}

const head = `# What averaging costs, and what it need not

Accuracy on 10,000 test images after every pass, in percent, with Adam and batches of 128. Every shard makes its passes over its own rows; MADlib's rule,
"plain", averages the weights once per pass. "auto" is ` + "`fit --sync auto`" + `, which begins with as long a warm-up as it takes for the weights to go enough steps in a row.
What the options do says the [user guide](user-guide.md#many-shards).

Written by ` + "`scripts/convergence/run`" + `, which repeats it; some rows of the CNN are of earlier, longer runs, and are kept. Weights depend on neither machine load nor cores, so accuracies do not either; on machines with
other kernels they differ in their last bits, and accuracies by some images. Rows here are of more than one kind of machine.
`

// tail is what the figures say, and what they do not.
const tail = `
## What follows

- What counts is how many steps the weights go, one after the other. N shards that train side by side go an Nth of what one worker goes in a pass, however good the mean of their
  weights is: 16 shards of 3,750 rows go 30 steps a pass, 16 of 750 rows six. One pass of a warm-up, as one worker, goes as many as all shards together. Below 1,000 steps or so accuracy
  follows their number, with any rule; beyond, a quarter of one worker's steps ends where one worker ends (784-512-512-10 on all images: 4 shards by MADlib's rule go 1,180 of
  4,690, 16 with two passes of warm-up 1,200).
- So "auto" takes as many passes of warm-up as give a quarter of one worker's steps, or 1,000 where these are few, or half of them where these are fewer still; of
  the iterations, whole ones, at most half are the warm-up. That is also what a fit then costs: where every shard has a core it takes about that share of one worker's time. Ten passes of 16 shards on 16 cores take as long as 2.5 of one worker with many
  rows, as 5.3 with few, 0.6 by MADlib's rule.
- The CNN on 12,000 images, means of three seeds: one shard ends at 98.29, "auto" at 98.23, 98.24 and 98.28 with 4, 8 and 16 shards, MADlib's rule at 97.66, 96.44 and 93.73. "auto" takes 5 passes with 8 and 16
  shards and 4 with 4. With 16 shards each pass more ends higher: seed 1 at 97.80 with two, 98.09 with three, 98.20 with four and 98.34 with five.
- The CNN on all images, one seed: one shard ends at 99.16, "auto" with 16 shards at 99.04. One shard, 8 and 16 are at 99 % in 92, 91 and 135 s, Keras in 289 and PyTorch in 391 in the same run, one after
  the other on two cores.
- 784-512-512-10 on 12,000 images of Fashion-MNIST, means of three seeds: one shard ends at 86.52, "auto" at 86.83, 87.10 and 86.89 with 4, 8 and 16 shards, MADlib's rule at 85.48, 84.18 and 83.30.
- Two shards never have a warm-up, four have none from 1,000 steps on: there MADlib's rule is kept to the bit.
- Averaging more often does little by itself here: the loss comes from how few steps the shards make, not from how far they move apart. It is for passes of many steps.
- Momentum over averages (slowmo, nesterov) is worth half a point where there is no warm-up and averages are ten steps apart. With an average after every 5 steps nesterov overshoots, after every 2 with 8 and 16
  shards it comes to nothing (87 and 73 % where averages alone reach 94 and 93), and after a warm-up slowmo makes things worse: the weights are too far along for steps that long.
- What each cure does by itself holds for other numbers of shards: warm-ups of two and four passes end above MADlib's rule with 2, 4, 8 and 16 shards, averages after every 2 steps end where it ends.

The column "fits" says of how many seeds a row is the mean; a row that is not there has not been measured yet.
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
		if err := g.write(&b, dir, results); err != nil {
			return err
		}
	}
	b.WriteString(tail)
	if err := os.WriteFile("docs/convergence.md", []byte(b.String()), 0o644); err != nil {
		return err
	}
	lines, err := os.ReadFile(resultsFile(dir))
	if err != nil {
		return err
	}
	return os.WriteFile("scripts/convergence/results.jsonl", lines, 0o644)
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

func (g group) write(b *strings.Builder, dir string, results []result) error {
	averaged := func(shards int, rules ...string) (lines []line) {
		for _, rule := range rules {
			c := g.of(shards, rule)
			if l, ok := lineOf(results, c.line(), c); ok {
				lines = append(lines, l)
			}
		}
		return lines
	}
	var means, others, most []line
	tried := slices.DeleteFunc(ruleNames(), func(rule string) bool { return !slices.Contains(g.rules, rule) && !slices.Contains(g.others, rule) })
	for _, shards := range g.shards {
		means = append(means, averaged(shards, "plain", "auto")...)
		if shards > 1 {
			most = averaged(shards, tried...)
			others = append(others, most...)
		}
	}
	if len(means) == 0 {
		return nil
	}
	fmt.Fprintf(b, "\n## %s\n", g.title())
	table(b, "means", means)
	if err := g.picture(b, "shards", means); err != nil {
		return err
	}
	if len(others) > 0 {
		b.WriteString("\nOther rules:\n")
		table(b, "means", others)
		if err := g.picture(b, "rules", append(averaged(g.shards[len(g.shards)-1], "plain", "auto"), most...)); err != nil {
			return err
		}
	}
	return g.times(b, dir)
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
	file := fmt.Sprintf("pictures/convergence-%s-%s-%d-%s.svg", g.set, g.net, g.rows, what)
	fmt.Fprintf(b, "\n![accuracy by pass: %s, %s](%s)\n", g.title(), what, file)
	return os.WriteFile("docs/"+file, svg.Bytes(), 0o644)
}
