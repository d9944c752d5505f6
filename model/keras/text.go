package keras

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// wayOut says in an error how a model gets here.
const wayOut = "in Python, model.save('model.keras') writes a file that beamfit load-model takes, model.to_json() the JSON alone"

// foreign are the beginnings of files that people have instead of a model's JSON.
var foreign = []struct{ begins, kind string }{
	{"\x89HDF\r\n\x1a\n", "an HDF5 file (.h5), as Keras 2 and model.save_weights write it"},
	{"PK\x03\x04", "a zip archive, as Keras 3 (.keras) and NumPy (.npz) write it"},
	{"\x1f\x8b", "a gzip file"},
	{"\x80\x03", "a pickle of Python, which can run code and is never read"},
	{"\x80\x04", "a pickle of Python, which can run code and is never read"},
	{"\x80\x05", "a pickle of Python, which can run code and is never read"},
	{"\x93NUMPY", "an array of NumPy (.npy)"},
}

// metadataHead is how far into keras_metadata.pb the first layer is looked for.
const metadataHead = 1 << 12

// Text is the JSON of a model in what people have: without a byte order mark, from UTF-16, and out of a JSON string, which is what
// json.dump(model.to_json()) writes, and whole, where it is its config alone (model.get_config()). Other kinds of files are refused by what they are.
func Text(data []byte) ([]byte, error) {
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.begins)) {
			return nil, fmt.Errorf("this is %s, not the JSON of a model: %s", f.kind, wayOut)
		}
	}
	switch {
	case len(data) > 8 && bytes.Equal(data[4:8], []byte("TFL3")):
		return nil, errors.New("this is a model of TensorFlow Lite, not the JSON of a Keras model: " + wayOut)
	case len(data) > 8 && data[8] == '{' && binary.LittleEndian.Uint64(data) < 1<<32:
		return nil, errors.New("this is a safetensors file, which has weights only, not the JSON of a model: " + wayOut)
	case bytes.HasPrefix(data, []byte("\n")) && bytes.Contains(data[:min(len(data), metadataHead)], []byte("_tf_keras_")):
		return nil, errors.New("this is the keras_metadata.pb of a SavedModel of TensorFlow, not the JSON of a model; load the folder in Python " +
			"(tf.keras.models.load_model): " + wayOut)
	case len(data) > 0 && data[0] == 8:
		return nil, errors.New("this is a file of protocol buffers, as saved_model.pb and .onnx are, not the JSON of a model: " + wayOut)
	}
	data = plainText(data)
	for range 2 { // a text in a text
		var inner string
		if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '"' || json.Unmarshal(trimmed, &inner) != nil {
			break
		}
		data = []byte(inner)
	}
	return asModel(data), nil
}

// plainText is UTF-8 without a byte order mark.
func plainText(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, len(data)/2-1)
	for i := range units {
		units[i] = order.Uint16(data[2*i+2:])
	}
	return []byte(string(utf16.Decode(units)))
}

// otherObject says what an object is that is no model.
func otherObject(model object) error {
	switch {
	case model["modelTopology"] != nil:
		return errors.New("this is a model of TensorFlow.js, whose weights are in files beside it; load it in Python " +
			"(tensorflowjs.converters.load_keras_model): " + wayOut)
	case model["metadata"] == nil && model["keras_version"] != nil && model["class_name"] == nil && model["config"] == nil:
		return errors.New("this is the metadata.json of a .keras archive; the config.json beside it is the model")
	}
	return nil
}

// asModel is the JSON of a model: text itself, or around the config of one (model.get_config()), which names no class and no version, what Keras has there.
// Where layers name modules, as since Keras 2.12, Keras looks for the model's class in one.
func asModel(text []byte) []byte {
	var config map[string]json.RawMessage
	if len(text) > MaxJSONBytes || json.Unmarshal(text, &config) != nil || config["class_name"] != nil || config["config"] != nil || config["layers"] == nil {
		return text
	}
	head := `"class_name": "Sequential", `
	if config["input_layers"] != nil {
		head = `"class_name": "Model", ` // known to all versions; Functional is not
	}
	var layers []layerForm
	_ = json.Unmarshal(config["layers"], &layers) // what is of another form, as the config of an old Sequential, which is a list, tells nothing
	modules := len(layers) > 0 && layers[0].Module != nil
	switch {
	case len(layers) > 0 && !modules:
		head += `"keras_version": "2.11.0", `
	case slices.ContainsFunc(layers, layerForm.beforeKeras3):
		head += `"keras_version": "2.15.0", `
	}
	if modules {
		head += `"module": "keras", "registered_name": null, `
	}
	return slices.Concat([]byte("{"+head+`"config": `), text, []byte("}"))
}

// A layerForm is what tells the generation of the Keras that wrote a layer.
type layerForm struct {
	Module       json.RawMessage   `json:"module"`
	InboundNodes []json.RawMessage `json:"inbound_nodes"`
	Config       struct {
		BatchInputShape json.RawMessage `json:"batch_input_shape"`
	} `json:"config"`
}

// beforeKeras3 reports what Keras 3 does not write: batch_input_shape, and calls as lists.
func (f layerForm) beforeKeras3() bool {
	return f.Config.BatchInputShape != nil || len(f.InboundNodes) > 0 && f.InboundNodes[0][0] == '['
}

// errKeras1 explains why a model of Keras 1 cannot be read.
func errKeras1(err error) error {
	return fmt.Errorf("the model is of Keras 1, whose layers have other arguments: Keras 2.0 to 2.3 load it (model_from_json) and "+
		"write it anew with model.to_json() (%w)", err)
}

// keras1Arguments are arguments that layers had in Keras 1 only.
var keras1Arguments = map[string]bool{
	"border_mode": true, "dim_ordering": true, "inner_activation": true, "inner_init": true, "nb_col": true, "nb_filter": true,
	"nb_row": true, "output_dim": true, "subsample": true, "W_regularizer": true,
}

// isKeras1 says whether Keras 1 wrote a model.
func isKeras1(v any, version string) bool {
	if version != "" {
		return strings.HasPrefix(version, "1.")
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if isKeras1(e, "") {
				return true
			}
		}
	case object:
		if class(v) == "Embedding" { // whose arguments have kept their names
			return false
		}
		for key, e := range v {
			if keras1Arguments[key] || isKeras1(e, "") {
				return true
			}
		}
	}
	return false
}
