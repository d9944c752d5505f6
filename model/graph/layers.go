package graph

import (
	"fmt"
	"maps"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/nearest"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A layer builds the nodes of one call of a layer.
type layer func(b *builder, c *call) (*gorgonia.Node, error)

// A call is one application of a layer to the values of its inputs.
type call struct {
	*keras.Layer
	in []*gorgonia.Node
	// masks are the masks of the inputs, nil where one has none.
	masks []*gorgonia.Node
	// output is the tensor that the call makes, an index into Spec.Tensors.
	output int
	// number counts the calls of the graph; a random layer takes its stream of numbers from it.
	number int
	// states are what the layer gives behind its result.
	states []*gorgonia.Node
	// shape is that of the result where it is not that of output: of a layer inside another.
	shape tensor.Shape
	// causal and inference are those of keras.Call.
	causal, inference bool
	// sole says that nothing else reads the inputs.
	sole bool
}

// layers is every layer by the name of its configuration (keras.Config): a new one is a file and a row here.
var layers = map[string]layer{
	"Activation":             activationLayer,
	"ActivityRegularization": activityRegularization,
	"Add":                    merge,
	"AdditiveAttention":      attention,
	"AlphaDropout":           dropout,
	"Attention":              attention,
	"Any":                    anyOf,
	"Average":                merge,
	"AveragePooling1D":       pooling,
	"AveragePooling2D":       pooling,
	"AveragePooling3D":       pooling3D,
	"BatchNormalization":     batchNormalization,
	"CategoryEncoding":       categoryEncoding,
	"Bidirectional":          bidirectional,
	"CenterCrop":             centerCrop,
	"ChannelsFirst":          channelsFirst,
	"Concatenate":            concatenate,
	"Constant":               constant,
	"Conv1D":                 conv2D,
	"Conv2D":                 conv2D,
	"Conv1DTranspose":        conv2DTranspose,
	"Conv2DTranspose":        conv2DTranspose,
	"Conv3D":                 conv3D,
	"Conv3DTranspose":        conv3DTranspose,
	"ConvLSTM1D":             convLSTM,
	"ConvLSTM2D":             convLSTM,
	"Cropping1D":             frame,
	"Cropping2D":             frame,
	"Cropping3D":             frame3D,
	"CustomScaleLayer":       scaledResidual,
	"Dense":                  dense,
	"DepthwiseConv1D":        depthwiseConv2D,
	"DepthwiseConv2D":        depthwiseConv2D,
	"Discretization":         discretization,
	"Dot":                    dot,
	"Dropout":                dropout,
	"ELU":                    elu,
	"EinsumDense":            einsumDense,
	"Embedding":              embedding,
	"Flatten":                reshapeLayer,
	"Function":               namedFunction,
	"GRU":                    recurrentLayer,
	"GaussianDropout":        noise,
	"GaussianNoise":          noise,
	"GlobalAveragePooling1D": globalPooling,
	"GlobalAveragePooling2D": globalPooling,
	"GlobalAveragePooling3D": globalPooling,
	"GlobalMaxPooling1D":     globalPooling,
	"GlobalMaxPooling2D":     globalPooling,
	"GlobalMaxPooling3D":     globalPooling,
	"GroupNormalization":     groupNormalization,
	"Identity":               identity,
	"Hashing":                textLookup,
	"IntegerLookup":          integerLookup,
	"LSTM":                   recurrentLayer,
	"LayerScale":             layerScale,
	"LayerNormalization":     layerNormalization,
	"LogicalAnd":             logical,
	"LogicalOr":              logical,
	"Masking":                masking,
	"MaxPooling1D":           pooling,
	"MaxPooling2D":           pooling,
	"MaxPooling3D":           pooling3D,
	"Maximum":                merge,
	"Minimum":                merge,
	"MultiHeadAttention":     multiHeadAttention,
	"Multiply":               merge,
	"NotEqual":               notEqual,
	"OnesLike":               filled,
	"Normalization":          normalization,
	"PReLU":                  prelu,
	"Permute":                permuteLayer,
	"RMSNormalization":       rmsNormalization,
	"RandomBrightness":       randomColor,
	"RandomContrast":         randomColor,
	"RandomCrop":             randomCrop,
	"RandomFlip":             randomFlip,
	"RandomRotation":         randomMove,
	"RandomTranslation":      randomMove,
	"RandomZoom":             randomMove,
	"Divide":                 merge,
	"Reduce":                 reduce,
	"Slice":                  slice,
	"ReLU":                   relu,
	"RepeatVector":           repeatVector,
	"Rescaling":              rescaling,
	"ArrayRescaling":         arrayRescaling,
	"Reshape":                reshapeLayer,
	"Resizing":               resizing,
	"SeparableConv1D":        separableConv,
	"SeparableConv2D":        separableConv,
	"SimpleRNN":              recurrentLayer,
	"Softmax":                softmaxLayer,
	"StringLookup":           textLookup,
	"Subtract":               merge,
	"TextVectorization":      textLookup,
	"TimeDistributed":        timeDistributed,
	"UnitNormalization":      unitNormalization,
	"UpSampling1D":           upSampling,
	"UpSampling2D":           upSampling,
	"UpSampling3D":           upSampling3D,
	"ZeroPadding1D":          frame,
	"ZeroPadding2D":          frame,
	"ZeroPadding3D":          frame3D,
	"ZerosLike":              filled,
}

// LayerClasses lists the classes of layers' configurations that a graph can be built of, sorted.
func LayerClasses() []string { return slices.Sorted(maps.Keys(layers)) }

// layers builds every call of the model.
func (b *builder) layers() error {
	for i, t := range b.spec.Inputs {
		n := b.input(fmt.Sprintf("input %d %s", i, b.spec.Tensors[t].Name), withBatch(b.o.Batch, b.spec.Tensors[t].Shape))
		b.tensors[t] = n
		b.g.Inputs = append(b.g.Inputs, n)
	}
	for i, c := range b.spec.Calls {
		b.g.sections.turn()
		if err := b.call(i, c); err != nil {
			return err
		}
	}
	for _, t := range b.spec.Outputs {
		b.g.Outputs = append(b.g.Outputs, b.tensors[t])
	}
	for _, w := range b.updated {
		b.g.Updates = append(b.g.Updates, WeightNode{w, b.states[w]})
	}
	return nil
}

func (b *builder) call(number int, c keras.Call) error {
	class := c.Layer.Config.Class()
	build, ok := layers[class]
	if !ok {
		return fmt.Errorf("layer %q: class %s is not supported (%s)", c.Layer.Name, class, nearest.Known(class, LayerClasses()))
	}
	out := c.Outputs[0]
	this := &call{Layer: c.Layer, output: out, number: number, causal: c.Causal, inference: c.Inference}
	this.sole = true
	for _, t := range c.Inputs {
		this.in = append(this.in, b.tensors[t])
		this.sole = this.sole && b.readers[t] == 1
	}
	this.masks = make([]*gorgonia.Node, len(this.in))
	for i, t := range c.Masks {
		if t >= 0 {
			this.masks[i] = b.tensors[t]
		}
	}
	b.layer = c.Layer.Name
	mixed := b.isMixed(c)
	restore := b.as(mixed)
	n, err := b.build(this, build)
	if mixed && err == nil {
		n = b.ofMixed(this, n)
	}
	restore()
	b.layer = ""
	if err != nil {
		return fmt.Errorf("layer %q (%s): %w", c.Layer.Name, class, err)
	}
	if want := withBatch(b.o.Batch, b.spec.Tensors[out].Shape); !n.Shape().Eq(want) {
		return fmt.Errorf("layer %q (%s): output of shape %v, the model says %v", c.Layer.Name, class, n.Shape(), want)
	}
	b.penalise(c.Layer.ActivityRegularizer, n)
	if slices.Contains(this.in, n) { // one node for two tensors, which have readers of their own
		delete(b.joinable, n)
	}
	b.tensors[out] = n
	for i, t := range c.Outputs[1:] {
		b.tensors[t] = this.states[i]
	}
	for _, t := range c.Outputs {
		b.bfloat16[t] = mixed
	}
	return nil
}

// trains says whether a call does what its layer does in training.
func (b *builder) trains(c *call) bool { return b.o.Training && !c.inference }

// outShape is the shape of a call's output with the batch dimension.
func (b *builder) outShape(c *call) tensor.Shape {
	if c.shape != nil {
		return c.shape.Clone()
	}
	return withBatch(b.o.Batch, b.spec.Tensors[c.output].Shape)
}
