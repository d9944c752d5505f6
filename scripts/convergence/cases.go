package main

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/pipelines"
)

// A fitCase is one fit of the study.
type fitCase struct {
	Set    string // of images: mnist or fashion
	Net    string // mlp: 784-512-512-10; cnn: Keras' example with two convolutions (scripts/mnist)
	Rows   int    // training images: all 60,000, or the first 12,000
	Shards int
	Rule   string // of rules
	Seed   uint64
}

func (c fitCase) String() string {
	return fmt.Sprintf("%s %s %d rows, %d shards, %s, seed %d", c.Set, c.Net, c.Rows, c.Shards, c.Rule, c.Seed)
}

// line is the name of the case's line in a table of its group.
func (c fitCase) line() string {
	if c.Shards == 1 {
		return "1 shard"
	}
	return fmt.Sprintf("%d shards, %s", c.Shards, c.Rule)
}

// rules are the ways of averaging.
var rules = map[string]pipelines.FitOptions{
	"plain":                        {},
	"auto":                         {Sync: "auto"},
	"every 2 steps":                {SyncEvery: 2},
	"every 2 steps, nesterov":      {SyncEvery: 2, Outer: "nesterov"},
	"every 5 steps":                {SyncEvery: 5},
	"every 10 steps":               {SyncEvery: 10},
	"every 10 steps, slowmo":       {SyncEvery: 10, Outer: "slowmo"},
	"every 10 steps, nesterov":     {SyncEvery: 10, Outer: "nesterov"},
	"every 5 steps, nesterov":      {SyncEvery: 5, Outer: "nesterov"},
	"warm-up 1":                    {WarmUpPasses: 1},
	"warm-up 2":                    {WarmUpPasses: 2},
	"warm-up 3":                    {WarmUpPasses: 3},
	"warm-up 4":                    {WarmUpPasses: 4},
	"warm-up 2, every 10 steps":    {WarmUpPasses: 2, SyncEvery: 10},
	"warm-up 2, every 2 steps":     {WarmUpPasses: 2, SyncEvery: 2},
	"warm-up 2, every 2, slowmo":   {WarmUpPasses: 2, SyncEvery: 2, Outer: "slowmo"},
	"warm-up 2, every 2, nesterov": {WarmUpPasses: 2, SyncEvery: 2, Outer: "nesterov"},
}

// ruleNames are the rules in the order of the page: MADlib's, what sync auto chooses, then the others.
func ruleNames() []string {
	var others []string
	for name := range rules {
		if name != "plain" && name != "auto" {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append([]string{"plain", "auto"}, others...)
}

// A group is the cases of one section of the page.
type group struct {
	set, net string
	rows     int
	shards   []int
	// seeds is how many fits the means are of; rules are tried beside plain and auto on all shards with all seeds, others on 16 shards with one seed.
	seeds         uint64
	rules, others []string
}

var (
	shardCounts = []int{1, 2, 4, 8, 16}
	eachCure    = []string{"every 2 steps", "every 2 steps, nesterov", "warm-up 2", "warm-up 4"}
)

// groups are the study, which is to take less than two hours of two cores. The CNN takes 40 s of a core for a pass over all rows: three seeds have a
// fifth of them, and cures are tried on 16 shards with one seed.
var groups = []group{
	{"mnist", "cnn", 12000, shardCounts, 3, nil, []string{
		"every 2 steps", "every 2 steps, nesterov", "warm-up 1", "warm-up 2", "warm-up 3", "warm-up 4", "warm-up 2, every 2 steps", "warm-up 2, every 2, slowmo", "warm-up 2, every 2, nesterov",
	}},
	{"mnist", "mlp", 12000, shardCounts, 3, eachCure, []string{"warm-up 1", "warm-up 3"}},
	{"fashion", "mlp", 12000, shardCounts, 3, eachCure, []string{"warm-up 1", "warm-up 3"}},
	{"mnist", "mlp", 60000, shardCounts, 3, nil, []string{
		"every 5 steps", "every 10 steps", "every 10 steps, slowmo", "every 10 steps, nesterov", "every 5 steps, nesterov", "warm-up 1", "warm-up 2, every 10 steps",
	}},
	{"fashion", "mlp", 60000, shardCounts, 1, nil, nil},
	{"mnist", "cnn", 60000, []int{1, 16}, 1, nil, nil},
}

// of is a case of the group, without its seed.
func (g group) of(shards int, rule string) fitCase {
	return fitCase{Set: g.set, Net: g.net, Rows: g.rows, Shards: shards, Rule: rule}
}

// cases are all, those that the page needs most first.
func cases() (all []fitCase) {
	add := func(c fitCase, seed uint64) {
		c.Seed = seed
		all = append(all, c)
	}
	for _, g := range groups {
		for seed := range g.seeds {
			for _, shards := range slices.Backward(g.shards) {
				for _, rule := range append([]string{"auto", "plain"}, g.rules...) {
					if shards > 1 || rule == "plain" {
						add(g.of(shards, rule), seed+1)
					}
				}
			}
		}
		for _, rule := range g.others {
			add(g.of(16, rule), 1)
		}
	}
	return all
}
