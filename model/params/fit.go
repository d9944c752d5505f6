package params

import "math"

// ParseFit reads a fit_params text; an empty one gives Keras' defaults. Errors are of type *Error.
func ParseFit(text string) (*Fit, error) {
	f := &Fit{BatchSize: 32, Epochs: 1, Shuffle: true, Verbose: 1}
	err := parse("fit_params", text, func(p *parser) {
		var first []string
		if p.insideCall("fit") {
			first = []string{"x", "y"}
		}
		keys := p.keys(first, []string{
			"batch_size", "epochs", "verbose", "shuffle", "class_weight", "initial_epoch", "steps_per_epoch", "callbacks",
		}, otherNames())
		f.Notices = p.others(keys)
		if e := keys["batch_size"]; !e.absent() {
			f.BatchSize = p.count("batch_size", e, 1)
		}
		if e, ok := keys["epochs"]; ok {
			f.Epochs = p.count("epochs", e, 1)
		}
		if e, ok := keys["initial_epoch"]; ok {
			f.InitialEpoch = p.count("initial_epoch", e, 0)
			if f.InitialEpoch >= f.Epochs {
				p.fail(e.pos, "initial_epoch %d leaves no epoch to train: epochs is %d", f.InitialEpoch, f.Epochs)
			}
		}
		if e := keys["steps_per_epoch"]; !e.absent() {
			f.StepsPerEpoch = p.count("steps_per_epoch", e, 1)
		}
		if e, ok := keys["verbose"]; ok {
			f.Verbose = p.verbose(e)
		}
		if e, ok := keys["shuffle"]; ok {
			p.shuffle(f, e)
		}
		if e := keys["class_weight"]; !e.absent() {
			p.classWeight(f, e)
		}
		f.Callbacks = p.callbacks(keys["callbacks"])
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// count reads an integer of at least least.
func (p *parser) count(key string, e expr, least int64) int {
	n, ok := e.literal.(int64)
	if !ok {
		p.fail(e.pos, "%s must be an integer, found %s", key, e.kind)
	}
	if n < least {
		p.fail(e.pos, "%s must be at least %d, found %d", key, least, n)
	}
	if n > math.MaxInt32 {
		p.fail(e.pos, "%s must be at most %d, found %d", key, math.MaxInt32, n)
	}
	return int(n)
}

// verbose reads 0, 1, 2, 'auto' (1) or a boolean, as Keras does.
func (p *parser) verbose(e expr) int {
	switch e.literal {
	case int64(0), false:
		return 0
	case int64(1), true, "auto":
		return 1
	case int64(2):
		return 2
	}
	p.fail(e.pos, "verbose must be 0, 1, 2 or 'auto'")
	return 0
}

func (p *parser) shuffle(f *Fit, e expr) {
	switch e.literal {
	case true:
	case false:
		f.Shuffle = false
	case "batch":
		f.ShuffleBatches = true
	default:
		p.fail(e.pos, "shuffle must be True, False or 'batch'")
	}
}

// classWeight reads a dict from class index, or from class value as text, to weight.
func (p *parser) classWeight(f *Fit, e expr) {
	if e.kind != dict {
		p.fail(e.pos, "class_weight must be a dict such as {0: 1.0, 1: 2.5} or {'cat': 1.0, 'dog': 2.5}, found %s", e.kind)
	}
	byValue := len(e.keys) > 0 && e.keys[0].kind == text
	if byValue {
		f.ClassWeightByValue = make(map[string]float64, len(e.items))
	} else {
		f.ClassWeight = make(map[int]float64, len(e.items))
	}
	for i, key := range e.keys {
		weight := p.number64("a class weight", e.items[i])
		if weight < 0 {
			p.fail(e.items[i].pos, "a class weight must be at least 0, found %v", weight)
		}
		if !byValue {
			f.ClassWeight[p.count("a class of class_weight", key, 0)] = weight
			continue
		}
		value, ok := key.literal.(string)
		if !ok {
			p.fail(key.pos, "a class of class_weight must be a text as the first one is, found %s", key.kind)
		}
		f.ClassWeightByValue[value] = weight
	}
}

// callbacks reads a list of calls, or one call. None and the empty list are none.
func (p *parser) callbacks(e expr) (calls []Call) {
	items := e.items
	switch e.kind {
	case list, tuple:
	case call, name:
		items = []expr{e}
	default:
		if !e.absent() {
			p.fail(e.pos, "callbacks must be a list such as [EarlyStopping(patience=3)], found %s", e.kind)
		}
	}
	for _, item := range items {
		if item.kind != call {
			p.fail(item.pos, "a callback must be a call such as EarlyStopping(patience=3), found %s", item.kind)
		}
		calls = append(calls, p.reference("callback", item))
	}
	return calls
}
