package keras

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Config holds a layer's typed arguments: *Dense, *Conv2D, ... Each is declared in the file of its layer family.
type Config interface {
	// Class is Keras' class_name of the layer.
	Class() string
}

// A kind is a Config that knows its shapes: what the reader needs of a layer. A layer with several inputs
// is a joiner.
type kind interface {
	Config
	// outputShape is the shape of the result for an input of shape in. It checks the arguments against in and resolves
	// those that depend on it, such as a negative axis.
	outputShape(in []int) ([]int, error)
	// weights lists the layer's arrays for an input of shape in, in get_weights order. It is called after outputShape
	// accepted the same shape.
	weights(in []int) []array
}

// A caller is a kind whose calls have arguments.
type caller interface {
	kind
	// bind brings the inputs of a call into the kind's own order and reads the arguments. It refuses those it does not know.
	bind(n node, c *Call) error
}

// An array declares one weight array of a layer.
type array struct {
	name        string
	shape       []int
	init        Initializer
	regularizer Regularizer
	constraint  *Constraint // nil: none
	// fixed arrays are never trained, such as moving averages.
	fixed bool
}

// layerClasses is the table of known layers: how each reads its arguments. InputLayer is not in it, since it is not
// applied to a tensor.
var layerClasses = map[string]func(*args) kind{
	"Activation":             parseActivation,
	"ActivityRegularization": parseActivityRegularization,
	"Add":                    parseMerge("Add"),
	"AdditiveAttention":      parseAttention("AdditiveAttention"),
	"Any":                    parseAny,
	"AlphaDropout":           parseAlphaDropout,
	"Attention":              parseAttention("Attention"),
	"Average":                parseMerge("Average"),
	"AveragePooling1D":       parsePooling("AveragePooling1D", 1),
	"AveragePooling2D":       parsePooling("AveragePooling2D", 2),
	"BatchNormalization":     parseBatchNormalization,
	"Bidirectional":          parseBidirectional,
	"CenterCrop":             parseCenterCrop,
	"Concatenate":            parseConcatenate,
	"Conv1D":                 parseConv(1),
	"Conv2D":                 parseConv(2),
	"Conv1DTranspose":        parseConvTranspose(1),
	"Conv2DTranspose":        parseConvTranspose(2),
	"ConvertToTensor":        parseConvertToTensor,
	"Cropping1D":             parseFrame("Cropping1D", "cropping", 1, 1),
	"Cropping2D":             parseFrame("Cropping2D", "cropping", 2, 0),
	"Dense":                  parseDense,
	"DepthwiseConv1D":        parseDepthwiseConv(1),
	"DepthwiseConv2D":        parseDepthwiseConv(2),
	"Dot":                    parseDot,
	"Dropout":                parseDropout,
	"ELU":                    parseELU,
	"Embedding":              parseEmbedding,
	"ExpandDims":             parseExpandDims,
	"Flatten":                parseFlatten,
	"GRU":                    parseRecurrent("GRU"),
	"GaussianDropout":        parseGaussianDropout,
	"GaussianNoise":          parseGaussianNoise,
	"GlobalAveragePooling1D": parseGlobalPooling("GlobalAveragePooling1D"),
	"GlobalAveragePooling2D": parseGlobalPooling("GlobalAveragePooling2D"),
	"GlobalMaxPooling1D":     parseGlobalPooling("GlobalMaxPooling1D"),
	"GlobalMaxPooling2D":     parseGlobalPooling("GlobalMaxPooling2D"),
	"LSTM":                   parseRecurrent("LSTM"),
	"GroupNormalization":     parseGroupNormalization,
	"Identity":               parseIdentity,
	"LayerNormalization":     parseLayerNormalization,
	"LeakyReLU":              parseLeakyReLU,
	"LogicalAnd":             parseLogical("LogicalAnd"),
	"LogicalOr":              parseLogical("LogicalOr"),
	"Masking":                parseMasking,
	"MaxPooling1D":           parsePooling("MaxPooling1D", 1),
	"MaxPooling2D":           parsePooling("MaxPooling2D", 2),
	"Maximum":                parseMerge("Maximum"),
	"Minimum":                parseMerge("Minimum"),
	"MultiHeadAttention":     parseMultiHeadAttention,
	"Multiply":               parseMerge("Multiply"),
	"NotEqual":               parseNotEqual,
	"OnesLike":               parseFilled("OnesLike"),
	"Normalization":          parseNormalization,
	"PReLU":                  parsePReLU,
	"Permute":                parsePermute,
	"RMSNormalization":       parseRMSNormalization,
	"ReLU":                   parseReLU,
	"RepeatVector":           parseRepeatVector,
	"Rescaling":              parseRescaling,
	"Reshape":                parseReshape,
	"Resizing":               parseResizing,
	"SeparableConv1D":        parseSeparableConv("SeparableConv1D", 1),
	"SeparableConv2D":        parseSeparableConv("SeparableConv2D", 2),
	"SimpleRNN":              parseRecurrent("SimpleRNN"),
	"Softmax":                parseSoftmax,
	"SpatialDropout1D":       parseSpatialDropout(1),
	"SpatialDropout2D":       parseSpatialDropout(2),
	"Subtract":               parseMerge("Subtract"),
	"ThresholdedReLU":        parseThresholdedReLU,
	"TimeDistributed":        parseTimeDistributed,
	"UnitNormalization":      parseUnitNormalization,
	"UpSampling1D":           parseUpSampling("UpSampling1D", 1),
	"UpSampling2D":           parseUpSampling("UpSampling2D", 2),
	"ZeroPadding1D":          parseFrame("ZeroPadding1D", "padding", 1, 1),
	"ZeroPadding2D":          parseFrame("ZeroPadding2D", "padding", 2, 1),
	"ZerosLike":              parseFilled("ZerosLike"),
}

// classAliases are class names of older Keras versions.
var classAliases = map[string]string{
	"BatchNormalizationV1":   "BatchNormalization", // tf.keras 1.13 to 2.2
	"BatchNormalizationV2":   "BatchNormalization",
	"Convolution1D":          "Conv1D",
	"Convolution2D":          "Conv2D",
	"Convolution1DTranspose": "Conv1DTranspose",
	"Convolution2DTranspose": "Conv2DTranspose",
	"Deconvolution2D":        "Conv2DTranspose",
	"SeparableConvolution1D": "SeparableConv1D",
	"SeparableConvolution2D": "SeparableConv2D",
	"MaxPool1D":              "MaxPooling1D",
	"MaxPool2D":              "MaxPooling2D",
	"AvgPool1D":              "AveragePooling1D",
	"AvgPool2D":              "AveragePooling2D",
	"GlobalAvgPool1D":        "GlobalAveragePooling1D",
	"GlobalAvgPool2D":        "GlobalAveragePooling2D",
	"GlobalMaxPool1D":        "GlobalMaxPooling1D",
	"GlobalMaxPool2D":        "GlobalMaxPooling2D",
}

// unknownLayer is the refusal of a class that is not in layerClasses.
func unknownLayer(class string) error {
	if class == "Lambda" {
		return errors.New("a Lambda layer carries pickled code, which is never executed")
	}
	return fmt.Errorf("this layer class is not supported (known: %s, InputLayer)", known(layerClasses))
}

// known lists the keys of a table for an error.
func known[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
