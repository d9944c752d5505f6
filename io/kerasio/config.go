package kerasio

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// withVersion writes the version of Keras into the JSON of a model that does not say it.
func withVersion(config []byte, version string) []byte {
	var top map[string]json.RawMessage
	start := bytes.IndexByte(config, '{')
	if version == "" || json.Unmarshal(config, &top) != nil || top["keras_version"] != nil || start < 0 || len(top) == 0 {
		return config
	}
	text, err := json.Marshal(version)
	if err != nil {
		return config
	}
	return slices.Concat(config[:start+1], []byte(`"keras_version": `), text, []byte(", "), config[start+1:])
}

// WithModule is the JSON of a model as .keras archives have it: Keras looks for its class in a module. JSON that names one, or that is
// not understood, is returned as it is.
func WithModule(config []byte) []byte {
	return Edited(config, func(model map[string]any) bool {
		if model["module"] != nil {
			return false
		}
		if class := model["class_name"]; class == "Functional" || class == "Model" {
			model["class_name"] = "Model" // Functional is in no module that all versions have; Model makes one
		}
		model["module"], model["registered_name"] = "keras", nil
		return true
	})
}

// withModules is WithModule for the model of an .h5 file of Keras 3, for all its layers too: Keras leaves modules out there, and its way to read such
// JSON fails for some layers.
func withModules(config []byte, version string) []byte {
	if !strings.HasPrefix(version, "3.") {
		return config
	}
	return Edited(WithModule(config), func(model map[string]any) bool {
		inner, ok := model["config"].(map[string]any)
		return ok && layerModules(inner, 0)
	})
}

// layerModules gives the layers in a config, and those inside them, modules.
func layerModules(config map[string]any, depth int) (changed bool) {
	if depth > maxModels {
		return false
	}
	list, _ := config["layers"].([]any)
	for _, key := range []string{"layer", "backward_layer"} {
		list = append(list, config[key])
	}
	for _, v := range list {
		layer, ok := v.(map[string]any)
		if !ok {
			continue
		}
		if _, named := layer["module"]; !named {
			layer["module"], layer["registered_name"], changed = "keras.layers", nil, true
			switch layer["class_name"] {
			case "Functional", "Model":
				layer["module"], layer["class_name"] = "keras", "Model"
			case "Sequential":
				layer["module"] = "keras"
			}
		}
		if inner, ok := layer["config"].(map[string]any); ok {
			changed = layerModules(inner, depth+1) || changed
		}
	}
	return changed
}

// maxModels is how deep models lie in models where modules are looked for.
const maxModels = 100

// Edited is JSON that fn changes; where fn says that it does not, the very bytes.
func Edited(config []byte, fn func(map[string]any) bool) []byte {
	var model map[string]any
	r := json.NewDecoder(bytes.NewReader(config))
	r.UseNumber()
	if r.Decode(&model) != nil || model == nil || !fn(model) {
		return config
	}
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	if w.Encode(model) != nil {
		return config
	}
	return bytes.TrimSpace(out.Bytes())
}
