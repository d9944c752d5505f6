package keras

import (
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

// An array declares one weight array of a layer.
type array struct {
	name        string
	shape       []int
	init        Initializer
	regularizer Regularizer
	// fixed arrays are never trained, such as moving averages.
	fixed bool
}

// layerClasses is the table of known layers: how each reads its arguments. InputLayer is not in it, since it is not
// applied to a tensor.
var layerClasses = map[string]func(*args) kind{
	"Activation":             parseActivation,
	"ActivityRegularization": parseActivityRegularization,
	"Add":                    parseMerge("Add"),
	"Average":                parseMerge("Average"),
	"AveragePooling1D":       parsePooling("AveragePooling1D", 1),
	"AveragePooling2D":       parsePooling("AveragePooling2D", 2),
	"BatchNormalization":     parseBatchNormalization,
	"Concatenate":            parseConcatenate,
	"Conv1D":                 parseConv(1),
	"Conv2D":                 parseConv(2),
	"Conv2DTranspose":        parseConv2DTranspose,
	"Cropping1D":             parseFrame("Cropping1D", "cropping", 1, 1),
	"Cropping2D":             parseFrame("Cropping2D", "cropping", 2, 0),
	"Dense":                  parseDense,
	"DepthwiseConv2D":        parseDepthwiseConv2D,
	"Dropout":                parseDropout,
	"ELU":                    parseELU,
	"Embedding":              parseEmbedding,
	"Flatten":                parseFlatten,
	"GaussianDropout":        parseGaussianDropout,
	"GaussianNoise":          parseGaussianNoise,
	"GlobalAveragePooling1D": parseGlobalPooling("GlobalAveragePooling1D"),
	"GlobalAveragePooling2D": parseGlobalPooling("GlobalAveragePooling2D"),
	"GlobalMaxPooling1D":     parseGlobalPooling("GlobalMaxPooling1D"),
	"GlobalMaxPooling2D":     parseGlobalPooling("GlobalMaxPooling2D"),
	"LayerNormalization":     parseLayerNormalization,
	"LeakyReLU":              parseLeakyReLU,
	"MaxPooling1D":           parsePooling("MaxPooling1D", 1),
	"MaxPooling2D":           parsePooling("MaxPooling2D", 2),
	"Maximum":                parseMerge("Maximum"),
	"Minimum":                parseMerge("Minimum"),
	"Multiply":               parseMerge("Multiply"),
	"PReLU":                  parsePReLU,
	"Permute":                parsePermute,
	"ReLU":                   parseReLU,
	"RepeatVector":           parseRepeatVector,
	"Rescaling":              parseRescaling,
	"Reshape":                parseReshape,
	"SeparableConv1D":        parseSeparableConv("SeparableConv1D", 1),
	"SeparableConv2D":        parseSeparableConv("SeparableConv2D", 2),
	"Softmax":                parseSoftmax,
	"SpatialDropout1D":       parseSpatialDropout(1),
	"SpatialDropout2D":       parseSpatialDropout(2),
	"Subtract":               parseMerge("Subtract"),
	"ThresholdedReLU":        parseThresholdedReLU,
	"UnitNormalization":      parseUnitNormalization,
	"UpSampling1D":           parseUpSampling("UpSampling1D", 1),
	"UpSampling2D":           parseUpSampling("UpSampling2D", 2),
	"ZeroPadding1D":          parseFrame("ZeroPadding1D", "padding", 1, 1),
	"ZeroPadding2D":          parseFrame("ZeroPadding2D", "padding", 2, 1),
}

// classAliases are class names of older Keras versions.
var classAliases = map[string]string{
	"BatchNormalizationV1":   "BatchNormalization", // tf.keras 1.13 to 2.2
	"BatchNormalizationV2":   "BatchNormalization",
	"Convolution1D":          "Conv1D",
	"Convolution2D":          "Conv2D",
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
	switch class {
	case "Lambda":
		return fmt.Errorf("a Lambda layer carries pickled code, which is never executed")
	case "Sequential", "Functional", "Model":
		return fmt.Errorf("a model inside a model is not supported")
	}
	return fmt.Errorf("this layer class is not supported (known: %s, InputLayer)", known(layerClasses))
}

// known lists the keys of a table for an error.
func known[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
