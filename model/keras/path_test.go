package keras

import (
	"slices"
	"strings"
	"testing"
)

// TestPath has the names of variables that Keras 3.15.1 prints (v.path) after it has loaded the models.
func TestPath(t *testing.T) {
	sequences := `{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 4, 3]}}`
	films := `{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 4, 4, 4, 3]}}`
	for _, c := range []struct{ input, layer, want string }{
		{sequences, `{"class_name": "Dense", "config": {"name": "d", "units": 2}}`, "d/kernel d/bias"},
		{sequences, `{"class_name": "LSTM", "config": {"name": "l", "units": 2}}`, "l/lstm_cell/kernel l/lstm_cell/recurrent_kernel l/lstm_cell/bias"},
		{sequences, `{"class_name": "SimpleRNN", "config": {"name": "l", "units": 2, "use_bias": false}}`, "l/simple_rnn_cell/kernel l/simple_rnn_cell/recurrent_kernel"},
		{
			sequences, `{"class_name": "Bidirectional", "config": {"name": "b", "layer": {"class_name": "GRU", "config": {"name": "g", "units": 2, "use_bias": false}}}}`,
			"forward_g/gru_cell/kernel forward_g/gru_cell/recurrent_kernel backward_g/gru_cell/kernel backward_g/gru_cell/recurrent_kernel",
		},
		{
			sequences, `{"class_name": "Bidirectional", "config": {"name": "b", "layer": {"class_name": "GRU", "config": {"name": "forward_g", "units": 2, "use_bias": false}},
			"backward_layer": {"class_name": "GRU", "config": {"name": "h", "units": 2, "use_bias": false, "go_backwards": true}}}}`,
			"forward_g/gru_cell/kernel forward_g/gru_cell/recurrent_kernel h/gru_cell/kernel h/gru_cell/recurrent_kernel",
		},
		{sequences, `{"class_name": "TimeDistributed", "config": {"name": "t", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2}}}}`, "d/kernel d/bias"},
		{films, `{"class_name": "ConvLSTM2D", "config": {"name": "c", "filters": 2, "kernel_size": 2, "use_bias": false}}`, "c/conv_lstm_cell/kernel c/conv_lstm_cell/recurrent_kernel"},
		{sequences, `{"class_name": "Sequential", "config": {"name": "inside", "layers": [` + sequences + `, {"class_name": "Dense", "config": {"name": "d", "units": 2}}]}}`, "d/kernel d/bias"},
	} {
		spec, err := Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [` + c.input + `, ` + c.layer + `]}, "keras_version": "3.15.1"}`))
		if err != nil {
			t.Fatalf("%s: %v", c.layer, err)
		}
		var got []string
		for _, l := range spec.Layers {
			for _, w := range l.Weights {
				got = append(got, l.Path(w))
			}
		}
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: got %v, want %s", c.layer, got, c.want)
		}
	}
}
