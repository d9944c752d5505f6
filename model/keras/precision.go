package keras

import (
	"fmt"
	"strings"
)

// SetPrecision is the JSON of a model (see Text) whose layers have a policy, whatever they had: that of every layer of floats, in models
// and layers inside it too. All else stays as it is, so that Keras reads it as a model of that policy.
func SetPrecision(data []byte, p Precision) ([]byte, error) {
	text, err := Text(data)
	if err != nil {
		return nil, err
	}
	e := policyEdits{text: text, policy: fmt.Sprintf("%q", p)}
	e.network(span{0, len(text)})
	return apply(text, e.edits), nil
}

// policyEdits are the places where a text states policies.
type policyEdits struct {
	text   []byte
	policy string // as JSON
	edits  []edit
}

// network goes through the layers of a model.
func (e *policyEdits) network(model span) {
	config := model
	if inner, ok := model.member(e.text, "config"); ok {
		config = inner
	}
	layers, ok := config.member(e.text, "layers")
	if ok {
		e.replace(config)
	} else { // Keras 2.1 has the layers of a Sequential for its config
		layers = config
	}
	for _, layer := range layers.items(e.text) {
		e.layer(layer)
	}
}

// layer states the policy of a layer, and of layers that are its arguments.
func (e *policyEdits) layer(layer span) {
	v, _ := decode(e.text[layer.from:layer.to])
	obj, _ := v.(object)
	class, _ := obj["class_name"].(string)
	if full, ok := classAliases[class]; ok {
		class = full
	}
	switch {
	case networks[class]:
		e.network(layer)
		return
	case class == "InputLayer" || wholeNumbers[class] || !isLayer(class) || isOperation(class, obj):
		return
	}
	config, ok := layer.member(e.text, "config")
	if !ok {
		return
	}
	if !e.replace(config) {
		text := `"dtype": ` + e.policy
		if len(strings.TrimSpace(string(e.text[config.from+1:config.to-1]))) > 0 {
			text += ", "
		}
		e.edits = append(e.edits, edit{span{config.from + 1, config.from + 1}, text})
	}
	for _, key := range []string{"layer", "backward_layer"} {
		if inner, ok := config.member(e.text, key); ok {
			e.layer(inner)
		}
	}
}

// replace puts the policy in the place of another one of floats; stated says whether a dtype is given.
func (e *policyEdits) replace(config span) (stated bool) {
	value, ok := config.member(e.text, "dtype")
	if !ok || string(e.text[value.from:value.to]) == "null" {
		if ok {
			e.edits = append(e.edits, edit{value, e.policy})
		}
		return ok
	}
	v, err := decode(e.text[value.from:value.to])
	if err == nil && floats[policyName(v)] != "" {
		e.edits = append(e.edits, edit{value, e.policy})
	}
	return true
}
