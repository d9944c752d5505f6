package plantest

import (
	"fmt"
	"strings"
)

// multiHead is a model with a MultiHeadAttention over two dense layers. It has no biases, since that of the keys has no
// gradient; call are further arguments of its call.
func multiHead(config, call string) string {
	attention := node("m", `MultiHeadAttention {"num_heads":2,"key_dim":3,"use_bias":false`+config+`}`, "a1")
	attention = strings.Replace(attention, `["a1",0,0,{}]`, fmt.Sprintf(`["a1",0,0,{"value":["b1",0,0]%s}]`, call), 1)
	return functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
		node("a0", `Dense {"units":12,"activation":"tanh"}`, "a"), node("a1", `Reshape {"target_shape":[4,3]}`, "a0"),
		node("b0", `Dense {"units":15,"activation":"tanh"}`, "a"), node("b1", `Reshape {"target_shape":[3,5]}`, "b0"),
		attention, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
}

func attentionModels() []Model {
	models := []Model{
		{"multi head", multiHead("", ""), []string{cce}},
		{"multi head causal", multiHead(`,"value_dim":2,"output_shape":2`, `,"use_causal_mask":true`), []string{cce}},
		{"multi head dropout", multiHead(`,"dropout":0.4`, ``), []string{cce}},
	}
	for _, call := range []string{``, `,"use_causal_mask":true`} {
		attention := node("m", `MultiHeadAttention {"num_heads":2,"key_dim":3,"use_bias":false}`, "e")
		attention = strings.Replace(attention, `["e",0,0,{}]`, `["e",0,0,{"value":["e",0,0]`+call+`}]`, 1)
		models = append(models, Model{"multi head masked" + call, functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
			node("r", `Activation {"activation":"relu"}`, "a"), node("w", `Rescaling {"scale":8}`, "r"),
			node("e", `Embedding {"input_dim":40,"output_dim":3,"mask_zero":true}`, "w"), // negative numbers become word 0
			attention, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f")), []string{cce}})
	}
	for _, axes := range []string{"[1,2]", "[2,1]", "[-1,-1]", "1"} {
		layer := node("m", `Dot {"axes":`+axes+`,"normalize":true}`, "a1", "b1")
		models = append(models, Model{"Dot " + axes, functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
			node("a0", `Dense {"units":9,"activation":"tanh"}`, "a"), node("a1", `Reshape {"target_shape":[3,3]}`, "a0"),
			node("b0", `Dense {"units":9,"activation":"tanh"}`, "a"), node("b1", `Reshape {"target_shape":[3,3]}`, "b0"),
			layer, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f")), []string{cce}})
	}
	for _, layer := range []string{
		`Attention {"use_scale":true}`, `Attention {"score_mode":"concat","use_scale":true,"dropout":0.3}`, `AdditiveAttention {}`,
	} {
		models = append(models, Model{layer, merged(layer, [3]string{"[3,4]", "[3,4]", "[3,4]"}, false), []string{cce}})
	}
	return models
}
