package keras

import (
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/lookup"
)

// A Spec is a checked model: every layer is known, every shape is consistent and every weight has its place in the
// flat weight vector. It is immutable after Parse and safe for concurrent use.
type Spec struct {
	Name    string
	Version string // keras_version of the JSON, "" where it has none
	// Notices say what of the JSON is read otherwise than Keras does, as a dtype of another precision; nil: nothing.
	Notices []string

	// Layers are in the order of Keras' model.layers, which is the order of get_weights.
	Layers []*Layer
	// Parts are the members of the model, models inside it with theirs: what Layers has, but not flat.
	Parts []Part
	// Calls are the applications of layers to tensors, in an order in which every input is ready.
	// A layer that is shared is called several times; an InputLayer is not called.
	Calls []Call
	// Tensors are all values that flow between calls; Call, Inputs and Outputs hold indexes into it.
	Tensors []Tensor
	Inputs  []int
	Outputs []int
	// Lookups say of each input how text becomes the indices that the model takes; nil: it takes numbers.
	Lookups []*lookup.Lookup
	// Masks are the masks of Outputs, as those of a Call: -1 where all steps of an output count.
	Masks []int

	// Weights are all weight arrays in get_weights order.
	Weights []*Weight
	// NumWeights is P, the length of the flat weight vector.
	NumWeights int
}

// BeforeKeras3 says whether Keras 1 or 2 wrote the model.
func (s *Spec) BeforeKeras3() bool { return beforeKeras3(s.Version) }

func beforeKeras3(version string) bool {
	return strings.HasPrefix(version, "1.") || strings.HasPrefix(version, "2.")
}

// A Layer is one Keras layer. Config holds the typed arguments: *Dense, *Conv2D, ...
type Layer struct {
	Name      string
	Class     string // Keras class_name
	Trainable bool
	Config    Config
	Weights   []*Weight // in the layer's get_weights order
	// Precision is that of the layer's policy; "" where the JSON has no such layer, but a function of tensors: that of its inputs.
	Precision Precision
	// ActivityRegularizer is of the results of each call of the layer.
	ActivityRegularizer Regularizer
}

// A Call applies a layer to tensors. Inputs and Outputs are indexes into Spec.Tensors. Behind the input of a recurrent layer may be the states that
// it begins with, behind its result those after the last step.
type Call struct {
	Layer   *Layer
	Inputs  []int
	Outputs []int
	// Masks are indexes of the inputs' masks, -1 where one has none; nil where none has. A mask is a tensor (T): for each step
	// of a row 1 where it counts, else 0.
	Masks []int
	// Causal is use_causal_mask of an attention: no query looks at a later key.
	Causal bool
	// Inference says that the layer does in training what it does in inference: Keras 2 called it with training=False.
	Inference bool
}

// A Tensor is a value between layers. Shape leaves out the batch dimension (B); images are H W C.
type Tensor struct {
	Name  string // the layer that makes it, as Keras names it
	Shape []int
}

// A Weight is one array of a layer: Shape row-major at Offset of the flat weight vector.
type Weight struct {
	Layer       string // name of the layer
	Name        string // Keras' name inside the layer: kernel, bias, gamma, moving_mean, ...
	Shape       []int
	Offset      int // in float32 elements
	Trainable   bool
	Initializer Initializer
	Regularizer Regularizer // acts where the weight is trained
	Constraint  *Constraint // the same; nil: none
}

// Size is the number of elements of the array.
func (w *Weight) Size() int {
	n := 1
	for _, d := range w.Shape {
		n *= d
	}
	return n
}

// InputShapes are the row shapes of the model's inputs, in their order.
func (s *Spec) InputShapes() [][]int { return s.shapes(s.Inputs) }

// OutputShapes are the row shapes of the model's outputs, in their order.
func (s *Spec) OutputShapes() [][]int { return s.shapes(s.Outputs) }

// OutputNames are the names of the layers that make the outputs, by which Keras' compile knows them.
func (s *Spec) OutputNames() []string {
	names := make([]string, len(s.Outputs))
	for i, t := range s.Outputs {
		names[i] = s.Tensors[t].Name
	}
	return names
}

// OutputActivation is the name of the activation that makes output i, "" where its last layer has none by name.
func (s *Spec) OutputActivation(i int) string {
	tensor := s.Outputs[i]
	if name := s.activationOf(s.BehindLinear(tensor)); name != "" {
		return name
	}
	return s.activationOf(tensor)
}

// BehindLinear is the tensor that layers which change nothing give on as this one: Identity, ActivityRegularization and Activation, where it is
// linear. Without any it is this one.
func (s *Spec) BehindLinear(tensor int) int {
	for {
		c := s.maker(tensor)
		if c == nil {
			return tensor
		}
		switch config := c.Layer.Config.(type) {
		case *Activation:
			if config.Activation != "linear" {
				return tensor
			}
		case *Identity, *ActivityRegularization:
		default:
			return tensor
		}
		tensor = c.Inputs[0]
	}
}

// maker is the call that makes a tensor, nil for an input.
func (s *Spec) maker(tensor int) *Call {
	for i := range s.Calls {
		if slices.Contains(s.Calls[i].Outputs, tensor) {
			return &s.Calls[i]
		}
	}
	return nil
}

// activationOf is the name of the activation that makes a tensor: every layer that graph gives an activation of its own is here.
func (s *Spec) activationOf(tensor int) string {
	c := s.maker(tensor)
	if c == nil {
		return ""
	}
	switch config := c.Layer.Config.(type) {
	case *Activation:
		return config.Activation
	case *Dense:
		return config.Activation
	case *EinsumDense:
		return config.Activation
	case *Conv2D:
		return config.Activation
	case *DepthwiseConv2D:
		return config.Activation
	case *SeparableConv:
		return config.Pointwise.Activation
	case *Conv2DTranspose:
		return config.Activation
	case *Conv3D:
		return config.Activation
	case *Conv3DTranspose:
		return config.Activation
	case *Softmax:
		if slices.Equal(config.Axes, []int{len(s.Tensors[tensor].Shape)}) { // of other axes it is not one of classes
			return "softmax"
		}
	}
	return ""
}

func (s *Spec) shapes(tensors []int) [][]int {
	shapes := make([][]int, len(tensors))
	for i, t := range tensors {
		shapes[i] = s.Tensors[t].Shape
	}
	return shapes
}
