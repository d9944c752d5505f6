package params

import (
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
)

// ParseCompile reads a compile_params text. optimizer and loss are required. Errors are of type *Error.
func ParseCompile(text string) (*Compile, error) {
	c := &Compile{}
	err := parse("compile_params", text, func(p *parser) {
		p.insideCall("compile")
		keys := p.keys([]string{"optimizer", "loss"}, []string{"optimizer", "loss", "metrics", "loss_weights", "weighted_metrics", "sample_weight_mode"}, compileOthers)
		for _, name := range compileOthers {
			if e, given := keys[name]; given && !e.absent() && e.literal != false {
				c.Notices = append(c.Notices, "compile_params: "+name+" changes nothing: it says how Keras computes")
			}
		}
		for _, required := range []string{"optimizer", "loss"} {
			if _, ok := keys[required]; !ok {
				p.fail(p.pos, "%s is missing", required)
			}
		}
		c.Optimizer = p.reference("optimizer", keys["optimizer"])
		p.loss(c, keys["loss"])
		c.Metrics, c.OutputMetrics = p.metrics("metrics", keys["metrics"])
		c.WeightedMetrics, c.OutputWeightedMetrics = p.metrics("weighted_metrics", keys["weighted_metrics"])
		p.lossWeights(c, keys["loss_weights"])
		if e := keys["sample_weight_mode"]; !e.absent() {
			p.fail(e.pos, "sample_weight_mode is not supported, only None: rows have no weights per time step")
		}
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// compileOthers are the arguments of Keras' compile that say how it computes.
var compileOthers = []string{
	"run_eagerly", "jit_compile", "steps_per_execution", "auto_scale_loss", "distribute", "experimental_run_tf_function", "pss_evaluation_shards",
}

// keys reads the whole text as name=value pairs with the allowed names, and further ones that are not recommended where a name is unknown.
// The first ones may stand without their names.
func (p *parser) keys(first, allowed, further []string) map[string]expr {
	keys := map[string]expr{}
	for len(keys) < len(first) && p.peek() != 0 && !p.named() {
		keys[first[len(keys)]] = p.expr()
		if !p.separate(0) {
			break
		}
	}
	for _, a := range p.arguments(0) {
		if _, twice := keys[a.name]; twice {
			p.fail(a.pos, "%s is given twice, with its name and without", a.name)
		}
		if !slices.Contains(allowed, a.name) && !slices.Contains(further, a.name) {
			p.fail(a.pos, "%s is not supported (%s)", a.name, nearest.Known(a.name, allowed))
		}
		keys[a.name] = a.value
	}
	return keys
}

// absent tells whether a key is missing or None.
func (e expr) absent() bool { return e.kind == "" || e.kind == none }

// reference reads a Keras object: a name or a call, quoted or not.
func (p *parser) reference(what string, e expr) Call {
	if e.kind == text {
		// The content is read as an expression of its own, unless an escape made it differ from what stands there.
		content := e.literal.(string)
		inner := &parser{param: p.param, text: p.text, pos: e.pos + 1, end: e.pos + 1 + len(content), depth: p.depth, operators: p.operators}
		if p.text[inner.pos:inner.end] != content || inner.closed(0) {
			p.fail(e.pos, "%s must be a name, found %q", what, content)
		}
		e = inner.expr()
		p.operators = inner.operators
		if !inner.closed(0) {
			p.fail(inner.pos, "expected the end of the quoted %s, found %s", what, inner.found())
		}
	}
	if e.kind != name && e.kind != call {
		p.fail(e.pos, "%s must be a name such as 'x', or a call such as X(key=value), found %s", what, e.kind)
	}
	c := e.call()
	c.Text, c.Called = p.text[e.pos:e.end], e.kind == call
	return c
}

// noneOfKeras are functions of Keras' modules that are no losses or metrics.
var noneOfKeras = []string{"serialize", "deserialize", "get"}

// object reads a loss or metric.
func (p *parser) object(what string, e expr) Call {
	c := p.reference(what, e)
	if slices.Contains(noneOfKeras, c.Name) {
		p.fail(c.Pos, "%s %s is a function of Keras' modules", what, c.Name)
	}
	return c
}

// loss reads the loss: one for all outputs, a list with one per output, or a dict by output name.
func (p *parser) loss(c *Compile, e expr) {
	c.LossText = strings.Trim(p.text[e.pos:e.end], `'"`)
	items := e.items
	switch e.kind {
	case list, tuple:
	case dict:
		for _, key := range e.keys {
			if key.kind != text {
				p.fail(key.pos, "loss must name outputs by text, found %s", key.kind)
			}
			c.LossOutputs = append(c.LossOutputs, key.literal.(string))
		}
	default:
		items = []expr{e}
	}
	if len(items) == 0 {
		p.fail(e.pos, "loss is empty")
	}
	for _, item := range items {
		c.Loss = append(c.Loss, p.object("loss", item))
	}
}

// metrics reads a list of quoted names or calls, a list with such a list for each output, or a dict by output name. None and
// the empty list are no metrics.
func (p *parser) metrics(key string, e expr) (all []Call, outputs []OutputMetrics) {
	switch {
	case e.absent():
	case e.kind == dict:
		for i, name := range e.keys {
			output, ok := name.literal.(string)
			if !ok {
				p.fail(name.pos, "%s must name outputs by text, found %s", key, name.kind)
			}
			outputs = append(outputs, OutputMetrics{output, p.metricList(e.items[i])})
		}
	case e.kind != list && e.kind != tuple && e.kind != text && e.kind != call && !e.module:
		p.fail(e.pos, "%s must be a list such as ['accuracy'], or a dict by output name, found %s", key, e.kind)
	case slices.ContainsFunc(e.items, func(item expr) bool { return item.kind == list || item.kind == tuple }):
		for _, item := range e.items {
			outputs = append(outputs, OutputMetrics{Metrics: p.metricList(item)})
		}
	default:
		all = p.metricList(e)
	}
	return all, outputs
}

// metricList reads the metrics of an output: a list of them, or one. None is none.
func (p *parser) metricList(e expr) (calls []Call) {
	items := e.items
	if e.kind != list && e.kind != tuple {
		items = []expr{e}
	}
	if e.absent() {
		items = nil
	}
	for _, item := range items {
		if item.kind == name && !item.module {
			p.fail(item.pos, "metric %s must stand in quotes: '%s'", item.name, item.name)
		}
		calls = append(calls, p.object("metric", item))
	}
	return calls
}

// lossWeights reads one number per output: a list, a dict by output name, or a number for the only output.
func (p *parser) lossWeights(c *Compile, e expr) {
	if e.absent() {
		return
	}
	switch e.kind {
	case list, tuple:
		p.asManyAsLosses(c, e, len(e.items))
		c.LossWeights = []float64{}
		for _, item := range e.items {
			c.LossWeights = append(c.LossWeights, p.number64("a loss weight", item))
		}
	case dict:
		c.LossWeightsByName = map[string]float64{}
		for i, key := range e.keys {
			output, ok := key.literal.(string)
			if !ok {
				p.fail(key.pos, "loss_weights must name outputs by text, found %s", key.kind)
			}
			c.LossWeightsByName[output] = p.number64("a loss weight", e.items[i])
		}
	case integer, float:
		p.asManyAsLosses(c, e, 1)
		c.LossWeights = []float64{p.number64("loss_weights", e)}
	default:
		p.fail(e.pos, "loss_weights must be a number, or a list or dict of numbers, found %s", e.kind)
	}
}

// asManyAsLosses refuses another number of loss weights than of losses.
func (p *parser) asManyAsLosses(c *Compile, e expr, n int) {
	if losses := len(c.Loss); losses > 1 && n != losses {
		p.fail(e.pos, "loss_weights has %d entries, loss has %d", n, losses)
	}
}

// number64 is the value of an integer or float.
func (p *parser) number64(what string, e expr) float64 {
	switch v := e.literal.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	p.fail(e.pos, "%s must be a number, found %s", what, e.kind)
	return 0
}
