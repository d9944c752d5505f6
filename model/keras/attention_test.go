package keras

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// attentionModel is a model with a MultiHeadAttention or Attention over inputs q (4, 6), k (5, 3) and v (5, 2); node is how it is
// called.
func attentionModel(class, args, node string) string {
	input := func(name, shape string) string {
		return fmt.Sprintf(`{"class_name": "InputLayer", "name": %q, "config": {"name": %q, "batch_shape": %s}, "inbound_nodes": []}`,
			name, name, shape)
	}
	return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [%s, %s, %s,
		{"class_name": %q, "name": "a", "config": {"name": "a"%s}, "inbound_nodes": [%s]}],
		"input_layers": [["q", 0, 0], ["k", 0, 0], ["v", 0, 0]], "output_layers": [["a", 0, 0]]}}`,
		input("q", "[null, 4, 6]"), input("k", "[null, 5, 3]"), input("v", "[null, 5, 2]"), class, args, node)
}

func kerasTensorOf(name string) string {
	return fmt.Sprintf(`{"class_name": "__keras_tensor__", "config": {"keras_history": [%q, 0, 0]}}`, name)
}

const multiHeadArgs = `, "num_heads": 2, "key_dim": 3`

// TestAttentionCalls: whatever way query, value and key are given, they become query, key and value.
func TestAttentionCalls(t *testing.T) {
	q, k, v := kerasTensorOf("q"), kerasTensorOf("k"), kerasTensorOf("v")
	tests := []struct {
		node   string
		inputs []int
		causal bool
	}{
		{`{"args": [` + q + `, ` + v + `], "kwargs": {}}`, []int{0, 2, 2}, false},
		{`{"args": [` + q + `, ` + v + `, ` + k + `], "kwargs": {"use_causal_mask": true}}`, []int{0, 1, 2}, true},
		{`{"args": [` + q + `], "kwargs": {"value": ` + v + `, "return_attention_scores": false, "training": false}}`, []int{0, 2, 2}, false},
		{`{"args": [], "kwargs": {"key": ` + k + `, "query": ` + q + `, "value": ` + v + `}}`, []int{0, 1, 2}, false},
		{`[["q", 0, 0, {"value": ["v", 0, 0], "key": ["k", 0, 0], "use_causal_mask": true}]]`, []int{0, 1, 2}, true},
	}
	for _, tt := range tests {
		spec, err := Parse([]byte(attentionModel("MultiHeadAttention", multiHeadArgs, tt.node)))
		if err != nil {
			t.Errorf("%s: %v", tt.node, err)
			continue
		}
		c := spec.Calls[0]
		if diff := cmp.Diff(tt.inputs, c.Inputs); diff != "" || c.Causal != tt.causal {
			t.Errorf("%s: causal %v, inputs %s", tt.node, c.Causal, diff)
		}
	}
}

func TestRefusedAttention(t *testing.T) {
	q, k, v := kerasTensorOf("q"), kerasTensorOf("k"), kerasTensorOf("v")
	both := `{"args": [` + q + `, ` + v + `], "kwargs": {%s}}`
	tests := []struct{ name, class, args, node, want string }{
		{"no value", "MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `]}`, `must be called with query and value`},
		{"four", "MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `, ` + v + `, ` + k + `, ` + k + `]}`, `which is not supported (known: query, value, key)`},
		{"twice", "MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `, ` + v + `], "kwargs": {"query": ` + q + `}}`, `with a tensor as query`},
		{"mask", "MultiHeadAttention", multiHeadArgs, fmt.Sprintf(both, `"attention_mask": `+v), `with a tensor as attention_mask, which is not supported`},
		{"scores", "MultiHeadAttention", multiHeadArgs, fmt.Sprintf(both, `"return_attention_scores": true`), `the layer's call: return_attention_scores is not supported`},
		{"training", "MultiHeadAttention", multiHeadArgs, fmt.Sprintf(both, `"training": true`), `the layer's call: argument training is not supported`},
		{"axes", "MultiHeadAttention", multiHeadArgs + `, "attention_axes": [3]`, fmt.Sprintf(both, ``), `attention_axes: axis 3 is not an axis of the input (4, 6)`},
		{"steps", "MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `, ` + v + `, ` + q + `]}`, `key (4, 6) and value (5, 2) must agree in all dimensions but the last`},
		{"regularizer", "MultiHeadAttention", multiHeadArgs + `, "activity_regularizer": "l2"`, fmt.Sprintf(both, ``), `activity_regularizer is not supported`},
		{"features", "Attention", ``, `{"args": [[` + q + `, ` + v + `]]}`, `expects query (T, D), key (S, D) and value (S, D')`},
		{"attention mask", "Attention", ``, `{"args": [[` + q + `, ` + v + `]], "kwargs": {"mask": ` + v + `}}`, `with a tensor as mask`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { _ = refused(t, attentionModel(tt.class, tt.args, tt.node), tt.want) })
	}
}

// TestAttentionFans: the kernels of attention have the fans of the matrices that they are, not those of convolutions.
func TestAttentionFans(t *testing.T) {
	node := `{"args": [` + kerasTensorOf("q") + `, ` + kerasTensorOf("v") + `]}`
	spec, err := Parse([]byte(attentionModel("MultiHeadAttention", multiHeadArgs+`, "output_shape": [5, 7]`, node)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]int{
		"query/kernel": {6, 6}, "key/kernel": {2, 6}, "value/kernel": {2, 6}, "attention_output/kernel": {6, 35},
	}
	for _, w := range spec.Weights {
		if fans := w.Initializer.Fans; fans != want[w.Name] {
			t.Errorf("%s: fans %v, want %v", w.Name, fans, want[w.Name])
		}
	}
}

// TestMasksAsArguments: Keras 3.0 to 3.6 write the masks of queries and values among the arguments of a call.
func TestMasksAsArguments(t *testing.T) {
	model := func(class, args, node string) string {
		input := func(name, shape string) string {
			return fmt.Sprintf(`{"class_name": "InputLayer", "name": %q, "config": {"name": %q, "batch_shape": %s}, "inbound_nodes": []}`, name, name, shape)
		}
		return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [%s, %s, %s, %s, {"class_name": %q, "name": "a", "config": {"name": "a"%s}, "inbound_nodes": [%s]}],
			"input_layers": [["q", 0, 0], ["v", 0, 0], ["n", 0, 0], ["w", 0, 0]], "output_layers": [["a", 0, 0]]}}`,
			input("q", "[null, 4, 6]"), input("v", "[null, 5, 6]"), input("n", "[null, 4]"), input("w", "[null, 5]"), class, args, node)
	}
	q, v, n, w := kerasTensorOf("q"), kerasTensorOf("v"), kerasTensorOf("n"), kerasTensorOf("w")
	for _, tt := range []struct {
		class, args, node string
		masks             []int
	}{
		{"MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `, ` + v + `], "kwargs": {"query_mask": ` + n + `, "value_mask": ` + w + `, "key_mask": null}}`, []int{2, 3, 3}},
		{"MultiHeadAttention", multiHeadArgs, `{"args": [], "kwargs": {"query": ` + q + `, "value": ` + v + `, "value_mask": ` + w + `}}`, []int{-1, 3, 3}},
		{"MultiHeadAttention", multiHeadArgs, `{"args": [` + q + `, ` + v + `], "kwargs": {"query_mask": null}}`, nil},
		{"Attention", ``, `{"args": [[` + q + `, ` + v + `]], "kwargs": {"mask": [` + n + `, ` + w + `]}}`, []int{2, 3, 3}},
		{"Attention", ``, `{"args": [[` + q + `, ` + v + `]], "kwargs": {"mask": [null, ` + w + `]}}`, []int{-1, 3, 3}},
		{"Attention", ``, `{"args": [[` + q + `, ` + v + `]], "kwargs": {"mask": [null, null]}}`, nil},
	} {
		spec, err := Parse([]byte(model(tt.class, tt.args, tt.node)))
		if err != nil {
			t.Errorf("%s: %v", tt.node, err)
		} else if diff := cmp.Diff(tt.masks, spec.Calls[0].Masks); diff != "" {
			t.Errorf("%s: masks %s", tt.node, diff)
		}
	}
	refused(t, model("Attention", ``, `{"args": [[`+q+`, `+v+`]], "kwargs": {"mask": [`+w+`, null]}}`), `the mask has shape (5), the input has 4 steps`)
	refused(t, model("MultiHeadAttention", multiHeadArgs, `{"args": [`+q+`, `+q+`], "kwargs": {"query_mask": `+n+`, "value_mask": `+n+`, "key_mask": `+n+`}}`), `with a tensor as key_mask`)
}
