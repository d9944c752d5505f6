package keras

import "strings"

// Prefixes of the names of the weights of a Bidirectional's layers.
const (
	ForwardPrefix  = "forward_"
	BackwardPrefix = "backward_"
)

// Bidirectional runs one recurrent layer over sequences in either direction and joins what they give, step by step in the
// order of time. Weights: those of Forward and then those of Backward.
type Bidirectional struct {
	Forward, Backward *Recurrent
	MergeMode         string // "concat", "sum", "mul" or "ave"

	frozen [2]bool   // the layers that are not trainable
	names  [2]string // of the layers, as Keras makes them
}

// A Direction is one of the layers of a Bidirectional, whose weights' names begin with Prefix.
type Direction struct {
	Layer  *Recurrent
	Prefix string
}

// Class is "Bidirectional".
func (*Bidirectional) Class() string { return "Bidirectional" }

// Parts are the layers in the order of their weights.
func (c *Bidirectional) Parts() [2]Direction {
	return [2]Direction{{c.Forward, ForwardPrefix}, {c.Backward, BackwardPrefix}}
}

func parseBidirectional(a *args) kind {
	a.absent("weights")
	c := &Bidirectional{MergeMode: a.mergeMode()}
	c.Forward, c.frozen[0] = a.recurrentInside("layer")
	if c.Forward == nil {
		return c
	}
	c.names = [2]string{prefixed(ForwardPrefix, nameInside(a.obj["layer"])), prefixed(BackwardPrefix, nameInside(a.obj["layer"]))}
	if a.has("backward_layer") {
		c.names[1] = nameInside(a.obj["backward_layer"])
		if c.Backward, c.frozen[1] = a.recurrentInside("backward_layer"); c.Backward == nil {
			return c
		}
	} else {
		backward := *c.Forward
		backward.GoBackwards = !backward.GoBackwards
		c.Backward, c.frozen[1] = &backward, c.frozen[0]
	}
	switch {
	case c.Forward.GoBackwards == c.Backward.GoBackwards:
		a.fail("layer and backward_layer run in the same direction")
	case c.Forward.ReturnSequences != c.Backward.ReturnSequences:
		a.fail("return_sequences of layer and backward_layer differ")
	case c.Forward.ReturnState != c.Backward.ReturnState:
		a.fail("return_state of layer and backward_layer differ")
	case c.Forward.Units != c.Backward.Units:
		a.fail("layer has %d units, backward_layer %d: they must agree", c.Forward.Units, c.Backward.Units)
	}
	if !a.standalone2() { // tf.keras and Keras 3 set it, whatever the layers say
		for _, part := range c.Parts() {
			part.Layer.ZeroOutputForMask = part.Layer.ReturnSequences
		}
	}
	return c
}

// prefixed is a name with a prefix, once.
func prefixed(prefix, name string) string { return prefix + strings.TrimPrefix(name, prefix) }

// mergeMode reads merge_mode, whose null is another mode.
func (a *args) mergeMode() string {
	if v, given := a.obj["merge_mode"]; given && v == nil {
		a.fail("merge_mode null, which gives two results, is not supported")
	}
	return a.oneOf("merge_mode", "concat", "sum", "mul", "ave")
}

// recurrentInside reads a recurrent layer that is an argument, and whether it is not trainable.
func (a *args) recurrentInside(key string) (layer *Recurrent, frozen bool) {
	v, _ := a.get(key)
	l, err := a.inside(v)
	if err != nil {
		a.fail("%s: %w", key, err)
		return nil, false
	}
	layer, ok := l.Config.(*Recurrent)
	if !ok {
		a.fail("%s: a %s inside is not supported, only LSTM, GRU and SimpleRNN", key, l.Class)
	}
	return layer, !l.Trainable
}

// standalone2 says whether the Keras 2 that does not belong to TensorFlow wrote the model.
func (a *args) standalone2() bool {
	if strings.HasSuffix(a.version, "-tf") {
		return false
	}
	for _, prefix := range []string{"2.0.", "2.1.", "2.2.", "2.3."} {
		if strings.HasPrefix(a.version, prefix) && a.version != "2.3.0" { // which TensorFlow 2.2 calls itself, too
			return true
		}
	}
	return false
}

func (c *Bidirectional) outputShape(in []int) ([]int, error) {
	out, err := c.Forward.outputShape(in)
	if err != nil {
		return nil, err
	}
	if c.MergeMode != "concat" {
		return out, nil
	}
	out[len(out)-1] *= 2 // outputShape left room for more gates than that
	return out, nil
}

func (c *Bidirectional) weights(in []int) []array {
	var arrays []array
	for i, part := range c.Parts() {
		for _, w := range part.Layer.weights(in) {
			w.name = part.Prefix + w.name
			w.fixed = w.fixed || c.frozen[i]
			arrays = append(arrays, w)
		}
	}
	return arrays
}

func (c *Bidirectional) takesMask() bool { return true }

func (c *Bidirectional) passesMask() bool { return c.Forward.ReturnSequences }
