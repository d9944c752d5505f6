package keras

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/beamfit/beamfit/model/nearest"
)

// A Config holds a layer's typed arguments: *Dense, *Conv2D, ... Each is declared in the file of its layer family.
type Config interface {
	// Class is the name of the configuration, by which its rules are found: that of Keras' class, of one of the classes that are read as
	// it, or one of its own where Keras has no class.
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

// A layerClass is a row of the table of layers.
type layerClass struct {
	parse func(*args) kind // reads the arguments
	mask  maskRule
}

// layerClasses is the table of known layers. InputLayer is not in it, since it is not applied to a tensor.
var layerClasses = map[string]layerClass{
	"Activation":             {parseActivation, passesMask},
	"ActivityRegularization": {parseActivityRegularization, passesMask},
	"Add":                    {parseMerge("Add"), joinsMasks},
	"AdditiveAttention":      {parseAttention("AdditiveAttention"), passesMask},
	"Any":                    {parseAny, dropsMask},
	"AlphaDropout":           {parseAlphaDropout, passesMask},
	"Attention":              {parseAttention("Attention"), passesMask},
	"Average":                {parseMerge("Average"), joinsMasks},
	"AveragePooling1D":       {parsePooling("AveragePooling1D", 1), dropsMask},
	"AveragePooling2D":       {parsePooling("AveragePooling2D", 2), dropsMask},
	"AveragePooling3D":       {parsePooling3D("AveragePooling3D"), dropsMask},
	"BatchNormalization":     {parseBatchNormalization, passesMaskFrozen},
	"CategoryEncoding":       {parseCategoryEncoding, dropsMask},
	"Bidirectional":          {parseBidirectional, ownMask},
	"CenterCrop":             {parseCenterCrop, dropsMask},
	"Concatenate":            {parseConcatenate, ownMask},
	"Conv1D":                 {parseConv(1), dropsMask},
	"Conv2D":                 {parseConv(2), dropsMask},
	"Conv3D":                 {parseConv3D, dropsMask},
	"Conv1DTranspose":        {parseConvTranspose(1), dropsMask},
	"Conv3DTranspose":        {parseConv3DTranspose, dropsMask},
	"ConvLSTM1D":             {parseConvLSTM(1), refusesMask},
	"ConvLSTM2D":             {parseConvLSTM(2), refusesMask},
	"Conv2DTranspose":        {parseConvTranspose(2), dropsMask},
	"Cropping1D":             {parseFrame("Cropping1D", "cropping", 1, 1), dropsMask},
	"Cropping2D":             {parseFrame("Cropping2D", "cropping", 2, 0), dropsMask},
	"Cropping3D":             {parseFrame3D("Cropping3D", "cropping"), dropsMask},
	"CustomScaleLayer":       {parseScaledResidual, dropsMask},
	"Dense":                  {parseDense, passesMask},
	"DepthwiseConv1D":        {parseDepthwiseConv(1), dropsMask},
	"DepthwiseConv2D":        {parseDepthwiseConv(2), dropsMask},
	"Discretization":         {parseDiscretization, dropsMask},
	"Dot":                    {parseDot, dropsMask},
	"Dropout":                {parseDropout, passesMask},
	"ELU":                    {parseELU, passesMask},
	"EinsumDense":            {parseEinsumDense, dropsMask},
	"Embedding":              {parseEmbedding, ownMask},
	"Flatten":                {parseFlatten, dropsMask},
	"GRU":                    {parseRecurrent("GRU"), ownMask},
	"GaussianDropout":        {parseGaussianDropout, passesMask},
	"GaussianNoise":          {parseGaussianNoise, passesMask},
	"GlobalAveragePooling1D": {parseGlobalPooling("GlobalAveragePooling1D"), ownMask},
	"GlobalAveragePooling2D": {parseGlobalPooling("GlobalAveragePooling2D"), ownMask},
	"GlobalAveragePooling3D": {parseGlobalPooling("GlobalAveragePooling3D"), ownMask},
	"GlobalMaxPooling1D":     {parseGlobalPooling("GlobalMaxPooling1D"), ownMask},
	"GlobalMaxPooling2D":     {parseGlobalPooling("GlobalMaxPooling2D"), ownMask},
	"GlobalMaxPooling3D":     {parseGlobalPooling("GlobalMaxPooling3D"), ownMask},
	"LSTM":                   {parseRecurrent("LSTM"), ownMask},
	"LayerScale":             {parseLayerScale, dropsMask},
	"GroupNormalization":     {parseGroupNormalization, passesMask},
	"Identity":               {parseIdentity, passesMaskSince3},
	"Hashing":                {parseHashing, dropsMask},
	"IntegerLookup":          {parseIntegerLookup, dropsMask},
	"LayerNormalization":     {parseLayerNormalization, passesMask},
	"LeakyReLU":              {parseLeakyReLU, passesMask},
	"LogicalAnd":             {parseLogical("LogicalAnd"), dropsMask},
	"LogicalOr":              {parseLogical("LogicalOr"), dropsMask},
	"Masking":                {parseMasking, ownMask},
	"MaxPooling1D":           {parsePooling("MaxPooling1D", 1), dropsMask},
	"MaxPooling2D":           {parsePooling("MaxPooling2D", 2), dropsMask},
	"MaxPooling3D":           {parsePooling3D("MaxPooling3D"), dropsMask},
	"Maximum":                {parseMerge("Maximum"), joinsMasksBefore3},
	"Minimum":                {parseMerge("Minimum"), joinsMasksBefore3},
	"MultiHeadAttention":     {parseMultiHeadAttention, passesMask},
	"Multiply":               {parseMerge("Multiply"), joinsMasksBefore3},
	"NotEqual":               {parseNotEqual, dropsMask},
	"OnesLike":               {parseFilled("OnesLike"), dropsMask},
	"Normalization":          {parseNormalization, passesMaskSince3},
	"PReLU":                  {parsePReLU, passesMask},
	"Permute":                {parsePermute, dropsMask},
	"RMSNormalization":       {parseRMSNormalization, dropsMask},
	"RandomBrightness":       {parseRandomColor("RandomBrightness"), dropsMask},
	"RandomContrast":         {parseRandomColor("RandomContrast"), dropsMask},
	"RandomCrop":             {parseRandomCrop, dropsMask},
	"RandomFlip":             {parseRandomFlip, dropsMask},
	"RandomRotation":         {parseRandomMove("RandomRotation"), dropsMask},
	"RandomTranslation":      {parseRandomMove("RandomTranslation"), dropsMask},
	"RandomZoom":             {parseRandomMove("RandomZoom"), dropsMask},
	"ReLU":                   {parseReLU, passesMask},
	"RepeatVector":           {parseRepeatVector, dropsMask},
	"Rescaling":              {parseRescaling, passesMaskSince3},
	"Reshape":                {parseReshape, dropsMask},
	"Resizing":               {parseResizing, dropsMask},
	"SeparableConv1D":        {parseSeparableConv("SeparableConv1D", 1), dropsMask},
	"SeparableConv2D":        {parseSeparableConv("SeparableConv2D", 2), dropsMask},
	"SimpleRNN":              {parseRecurrent("SimpleRNN"), ownMask},
	"Softmax":                {parseSoftmax, refusesMask},
	"SpatialDropout1D":       {parseSpatialDropout(1), passesMask},
	"SpatialDropout2D":       {parseSpatialDropout(2), dropsMask},
	"SpatialDropout3D":       {parseSpatialDropout(3), dropsMask},
	"StochasticDepth":        {parseStochasticDepth, dropsMask},
	"StringLookup":           {parseStringLookup, dropsMask},
	"Subtract":               {parseMerge("Subtract"), joinsMasks},
	"TextVectorization":      {parseTextVectorization, dropsMask},
	"ThresholdedReLU":        {parseThresholdedReLU, passesMask},
	"TimeDistributed":        {parseTimeDistributed, ownMask},
	"UnitNormalization":      {parseUnitNormalization, passesMask},
	"UpSampling1D":           {parseUpSampling("UpSampling1D", 1), dropsMask},
	"UpSampling2D":           {parseUpSampling("UpSampling2D", 2), dropsMask},
	"UpSampling3D":           {parseUpSampling3D, dropsMask},
	"ZeroPadding1D":          {parseFrame("ZeroPadding1D", "padding", 1, 1), dropsMask},
	"ZeroPadding2D":          {parseFrame("ZeroPadding2D", "padding", 2, 1), dropsMask},
	"ZeroPadding3D":          {parseFrame3D("ZeroPadding3D", "padding"), dropsMask},
	"ZerosLike":              {parseFilled("ZerosLike"), dropsMask},
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
	"MaxPool3D":              "MaxPooling3D",
	"AvgPool3D":              "AveragePooling3D",
	"Convolution3D":          "Conv3D",
	"Convolution3DTranspose": "Conv3DTranspose",
	"AvgPool1D":              "AveragePooling1D",
	"AvgPool2D":              "AveragePooling2D",
	"GlobalAvgPool1D":        "GlobalAveragePooling1D",
	"GlobalAvgPool2D":        "GlobalAveragePooling2D",
	"GlobalAvgPool3D":        "GlobalAveragePooling3D",
	"GlobalMaxPool1D":        "GlobalMaxPooling1D",
	"GlobalMaxPool2D":        "GlobalMaxPooling2D",
	"GlobalMaxPool3D":        "GlobalMaxPooling3D",
}

// isLayer says whether the table has a class.
func isLayer(class string) bool {
	_, ok := layerClasses[class]
	return ok
}

// unknownLayer is the refusal of a class that is not in layerClasses.
func unknownLayer(class string) error {
	if class == "Lambda" {
		return errors.New("a Lambda layer carries pickled code, which is never executed")
	}
	if class == "HashedCrossing" {
		return errors.New("this layer of text is not supported (StringLookup, Hashing and TextVectorization are): begin the model behind it, " +
			"and let a feature column hash(x, buckets) of the joined values make the numbers of a column")
	}
	if as, ok := cuDNN[class]; ok {
		return fmt.Errorf("this layer of Keras 2's GPUs is not supported: make the model with %s in its place, load its weights there in Keras 2.2 or later 2 "+
			"(load_weights of an .h5 file turns them into those of the other layer), and take that model", as)
	}
	return fmt.Errorf("this layer class is not supported (%s)", known(class, layerClasses))
}

// cuDNN are layers of Keras 2.0.9 to 2.3 that only GPUs could compute, with what computes the same. Their arrays have another order, and a second bias of
// an LSTM, which is trained beside the first.
var cuDNN = map[string]string{
	"CuDNNGRU":  "GRU(recurrent_activation='sigmoid', reset_after=True)",
	"CuDNNLSTM": "LSTM(recurrent_activation='sigmoid')",
}

// known says which keys of a table a name that is none of them may have been meant to be.
func known[V any](name string, table map[string]V) string {
	return nearest.Known(name, slices.Sorted(maps.Keys(table)))
}
