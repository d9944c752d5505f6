package keras

import (
	"errors"
	"fmt"
	"slices"
)

// MultiHeadAttention projects queries (T, D), keys and values (S, D', D") for each head, lets every query look at the keys,
// and projects what it finds: softmax(q·kᵀ/√KeyDim)·v, the heads side by side, then the output projection. Rows may have
// more than one dimension besides the features; T and S are then all of them together.
//
// Weights: query, key and value kernels (D, Heads, KeyDim or ValueDim) and biases (Heads, KeyDim or ValueDim), each kernel
// with its bias, then attention_output kernel (Heads, ValueDim, Outputs...) and bias (Outputs...); biases when UseBias.
type MultiHeadAttention struct {
	Heads, KeyDim, ValueDim int
	Dropout                 float64 // of the share that a query gives to a key, in training
	Seed                    *int64  // nil: drawn from the run's seed
	UseBias                 bool
	Outputs                 []int // the shape of the result's features; that of the queries where the JSON has none
	// EmptyIsZero: a query whose masks leave no key finds 0, instead of the mean of all values. Keras 3 takes another way to the
	// softmax where Dropout is above 0, in inference too.
	EmptyIsZero bool

	KernelInitializer Initializer
	BiasInitializer   Initializer
	KernelRegularizer Regularizer
	BiasRegularizer   Regularizer
	KernelConstraint  *Constraint
	BiasConstraint    *Constraint

	axes     []int  // attention_axes as the JSON gives them
	features [3]int // of queries, keys and values
}

// Class is "MultiHeadAttention".
func (*MultiHeadAttention) Class() string { return "MultiHeadAttention" }

func parseMultiHeadAttention(a *args) kind {
	a.absent("activity_regularizer", "sliding_window")
	a.off("use_gate", "softmax_robust_masking")
	a.skip("flash_attention", "query_shape", "key_shape", "value_shape") // how it is computed; what it was built for
	c := &MultiHeadAttention{
		Heads:             a.positive("num_heads"),
		KeyDim:            a.positive("key_dim"),
		Dropout:           a.atLeast0("dropout", 0),
		Seed:              a.seed(),
		UseBias:           a.bool("use_bias", true),
		KernelInitializer: a.initializer("kernel_initializer", glorotUniform),
		BiasInitializer:   a.initializer("bias_initializer", zeros),
		KernelRegularizer: a.regularizer("kernel_regularizer"),
		BiasRegularizer:   a.regularizer("bias_regularizer"),
		KernelConstraint:  a.constraint("kernel_constraint"),
		BiasConstraint:    a.constraint("bias_constraint"),
	}
	if c.Dropout >= 1 {
		a.wrong("dropout", "at least 0 and less than 1")
	}
	if c.ValueDim = c.KeyDim; a.has("value_dim") {
		c.ValueDim = a.positive("value_dim")
	}
	if c.Heads > MaxRowElements/max(c.KeyDim, c.ValueDim, 1) {
		a.fail("num_heads %d of key_dim %d and value_dim %d are too many", c.Heads, c.KeyDim, c.ValueDim)
	}
	if a.has("output_shape") {
		c.Outputs = a.intOrInts("output_shape")
		if err := checkRow(c.Outputs); err != nil || len(c.Outputs) == 0 {
			a.wrong("output_shape", "one or more dimensions of at least 1")
		}
	}
	if a.has("attention_axes") {
		c.axes = a.intOrInts("attention_axes")
	}
	return c
}

// attentionRoles are the first arguments of a call.
var attentionRoles = []string{"query", "value", "key"}

// bind brings query, value and key into the order query, key, value; the value is the key where a call has none.
func (c *MultiHeadAttention) bind(n node, call *Call) error {
	roles := map[string]int{}
	for i, t := range call.Inputs {
		var role string
		if k := i - (len(call.Inputs) - len(n.names)); k >= 0 {
			role = n.names[k]
		} else if i < len(attentionRoles) {
			role = attentionRoles[i]
		}
		if _, twice := roles[role]; twice || !slices.Contains(attentionRoles, role) {
			return fmt.Errorf("the layer is called with a tensor as %s, which is not supported (known: query, value, key)", role)
		}
		roles[role] = t
	}
	query, ok := roles["query"]
	value, okValue := roles["value"]
	if !ok || !okValue {
		return errors.New("must be called with query and value")
	}
	key, ok := roles["key"]
	if !ok {
		key = value
	}
	call.Inputs = []int{query, key, value}
	return call.attentionArguments(n)
}

// attentionArguments reads the arguments of a call of an attention.
func (c *Call) attentionArguments(n node) error {
	a := newArgs(n.arguments)
	a.off("return_attention_scores")
	c.Causal = a.bool("use_causal_mask", false)
	if err := a.check(); err != nil {
		return fmt.Errorf("the layer's call: %w", err)
	}
	return nil
}

func (c *MultiHeadAttention) outputShape([]int) ([]int, error) {
	return nil, errors.New("must be called with query and value")
}

func (c *MultiHeadAttention) joinShape(in [][]int) ([]int, error) {
	query, key, value := in[0], in[1], in[2]
	dims := len(query)
	if dims < 2 || len(key) != dims || len(value) != dims {
		return nil, fmt.Errorf("expects query, key and value with steps and features, found shapes %s, %s and %s",
			shapeText(query), shapeText(key), shapeText(value))
	}
	if !slices.Equal(key[:dims-1], value[:dims-1]) {
		return nil, fmt.Errorf("key %s and value %s must agree in all dimensions but the last", shapeText(key), shapeText(value))
	}
	if c.axes != nil {
		axes, err := ResolveAxes(c.axes, query)
		if err != nil {
			return nil, fmt.Errorf("attention_axes: %w", err)
		}
		if len(axes) != dims-1 || axes[len(axes)-1] != dims-1 {
			return nil, fmt.Errorf("attention_axes %v of the query %s: attention over some of the dimensions is not supported", c.axes, shapeText(query))
		}
	}
	if scores := rowElements(query[:dims-1]); rowElements(key[:dims-1]) > MaxRowElements/c.Heads/scores {
		return nil, fmt.Errorf("query %s and key %s have more than %d pairs", shapeText(query), shapeText(key), MaxRowElements/c.Heads)
	}
	if width := c.Heads * max(c.KeyDim, c.ValueDim); max(rowElements(query[:dims-1]), rowElements(key[:dims-1])) > MaxRowElements/width {
		return nil, fmt.Errorf("%d heads of key_dim %d and value_dim %d are too many for query %s and key %s",
			c.Heads, c.KeyDim, c.ValueDim, shapeText(query), shapeText(key))
	}
	c.features = [3]int{query[dims-1], key[dims-1], value[dims-1]}
	if c.Outputs == nil {
		c.Outputs = []int{query[dims-1]}
	}
	return append(slices.Clone(query[:dims-1]), c.Outputs...), nil
}

func (c *MultiHeadAttention) weights([]int) []array {
	outputs := rowElements(c.Outputs)
	return slices.Concat(
		c.projection("query", []int{c.features[0], c.Heads, c.KeyDim}, 1, c.features[0], c.Heads*c.KeyDim),
		c.projection("key", []int{c.features[1], c.Heads, c.KeyDim}, 1, c.features[1], c.Heads*c.KeyDim),
		c.projection("value", []int{c.features[2], c.Heads, c.ValueDim}, 1, c.features[2], c.Heads*c.ValueDim),
		c.projection("attention_output", append([]int{c.Heads, c.ValueDim}, c.Outputs...), 2, c.Heads*c.ValueDim, outputs),
	)
}

// projection is a kernel from in to out units, whose first dims dimensions are those of the input, and its bias. Keras calls
// all kernels and biases by these names only; here each has the name of its projection in front. Initializers see the kernel
// as a matrix; older versions of Keras take it for that of a convolution.
//
// Source: keras/src/layers/core/einsum_dense.py, _update_kernel_initializer.
func (c *MultiHeadAttention) projection(name string, shape []int, dims, in, out int) []array {
	kernel := c.KernelInitializer
	if kernel.Class == glorotUniform.Class {
		kernel.Fans = [2]int{in, out}
	}
	arrays := []array{{
		name: name + "/kernel", shape: shape, init: kernel, regularizer: c.KernelRegularizer, constraint: c.KernelConstraint,
	}}
	if c.UseBias {
		arrays = append(arrays, array{
			name: name + "/bias", shape: shape[dims:], init: c.BiasInitializer,
			regularizer: c.BiasRegularizer, constraint: c.BiasConstraint,
		})
	}
	return arrays
}

// Attention lets queries (T, D) look at keys (S, D) and gives a mean of the values (S, D') for each. The share of a key is
// the softmax of its score: q·k, with UseScale times the weight scale; or Σ tanh(q + k), with weights as below.
type Attention struct {
	Kind     string // the class: "Attention" or "AdditiveAttention"
	UseScale bool
	// Concat is score_mode "concat": concat_score_weight·Σ tanh(scale·(q + k)).
	Concat  bool
	Dropout float64 // of the shares, in training
	Seed    *int64  // nil: drawn from the run's seed

	features int // of queries and keys
}

// Class is the kind.
func (c *Attention) Class() string { return c.Kind }

// Additive says whether scores are Σ scale·tanh(q + k).
func (c *Attention) Additive() bool { return c.Kind == "AdditiveAttention" }

// parseAttention makes the parse function of a class.
func parseAttention(class string) func(*args) kind {
	return func(a *args) kind {
		c := &Attention{Kind: class, Dropout: a.atLeast0("dropout", 0), Seed: a.seed()}
		c.UseScale = a.bool("use_scale", c.Additive())
		if !c.Additive() {
			c.Concat = a.oneOf("score_mode", "dot", "concat") == "concat"
		}
		if c.Dropout >= 1 {
			a.wrong("dropout", "at least 0 and less than 1")
		}
		return c
	}
}

// bind brings query, value and key into the order query, key, value; the value is the key where a call has none.
func (c *Attention) bind(n node, call *Call) error {
	for _, name := range n.names {
		return fmt.Errorf("the layer is called with a tensor as %s, which is not supported", name)
	}
	in := call.Inputs
	if len(in) != 2 && len(in) != 3 {
		return fmt.Errorf("takes query, value and an optional key, found %d inputs", len(in))
	}
	call.Inputs = []int{in[0], in[len(in)-1], in[1]}
	return call.attentionArguments(n)
}

func (c *Attention) outputShape([]int) ([]int, error) {
	return nil, errors.New("must be called with query and value")
}

func (c *Attention) joinShape(in [][]int) ([]int, error) {
	query, key, value := in[0], in[1], in[2]
	if len(query) != 2 || len(key) != 2 || len(value) != 2 || query[1] != key[1] || key[0] != value[0] {
		return nil, fmt.Errorf("expects query (T, D), key (S, D) and value (S, D'), found shapes %s, %s and %s",
			shapeText(query), shapeText(key), shapeText(value))
	}
	pairs := 1 // elements that are computed per query and key
	if c.Additive() || c.Concat {
		pairs = query[1]
	}
	if key[0] > MaxRowElements/pairs/query[0] {
		return nil, fmt.Errorf("query %s and key %s have too many pairs", shapeText(query), shapeText(key))
	}
	c.features = query[1]
	return []int{query[0], value[1]}, nil
}

func (c *Attention) weights([]int) []array {
	var arrays []array
	switch {
	case c.UseScale && c.Additive():
		arrays = append(arrays, array{name: "scale", shape: []int{c.features}, init: glorotUniform})
	case c.UseScale:
		arrays = append(arrays, array{name: "scale", init: ones})
	}
	if c.Concat {
		arrays = append(arrays, array{name: "concat_score_weight", init: ones})
	}
	return arrays
}
