package keras

// A Part is a member of a model as Keras' model.layers has it: a layer, or a model with parts of its own. Inputs and calls of
// functions are none.
type Part struct {
	Name, Class string
	Layer       *Layer // nil: a model
	Parts       []Part // of a model
}

// parts are those of a network.
func parts(n network) []Part {
	var members []*Layer
	switch n := n.(type) {
	case *functional:
		members = n.members
	case *sequential:
		members = n.members
	}
	var out []Part
	for _, l := range members {
		if l.Class == "InputLayer" {
			continue
		}
		p := Part{Name: l.Name, Class: l.Class}
		switch config := l.Config.(type) {
		case *Operation:
			continue
		case network:
			p.Parts = parts(config)
		default:
			p.Layer = l
		}
		out = append(out, p)
	}
	return out
}
