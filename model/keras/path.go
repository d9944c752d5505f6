package keras

import "strings"

// Path is how Keras 3 names a variable in a model that it has loaded: the name of the layer that made it, and that of a cell before the weight's. A model
// inside, and a layer around another one, are not in it.
//
// Source: keras/src/backend/common/variables.py (path), keras/src/layers/rnn: the cells' names; bidirectional.py: the names of its layers.
func (l *Layer) Path(w *Weight) string {
	return pathOf(l.Name[strings.LastIndex(l.Name, "/")+1:], l.Config, w.Name)
}

func pathOf(layer string, config Config, name string) string {
	switch c := config.(type) {
	case *Recurrent:
		return layer + "/" + cellNames[c.Kind] + "_cell/" + name
	case *ConvLSTM:
		return layer + "/conv_lstm_cell/" + name
	case *Bidirectional:
		for i, d := range c.Parts() {
			if inside, ok := strings.CutPrefix(name, d.Prefix); ok {
				return pathOf(c.names[i], d.Layer, inside)
			}
		}
	case *TimeDistributed:
		return pathOf(c.name, c.Layer.Config, name)
	}
	return layer + "/" + name
}

// cellNames begin the names of the cells.
var cellNames = map[string]string{"GRU": "gru", "LSTM": "lstm", "SimpleRNN": "simple_rnn"}

// nameInside is the name of a layer that is an argument of another, "" where it has none.
func nameInside(v any) string {
	layer, _ := v.(object)
	config, _ := layer["config"].(object)
	name, _ := config["name"].(string)
	return name
}
