package keras

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// refused checks that Parse refuses the text and that the error says want.
func refused(t *testing.T, text, want string) error {
	t.Helper()
	spec, err := Parse([]byte(text))
	if err == nil {
		t.Fatalf("accepted: %s\nas %+v", text, spec)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error is\n  %v\nand should say\n  %s", err, want)
	}
	return err
}

func TestRefusedLayers(t *testing.T) {
	const row, image, volume = "[null, 4]", "[null, 8, 8, 3]", "[null, 4, 8, 8, 3]"
	tests := []struct{ shape, class, args, want string }{
		{row, "Lambda", ``, `layer "l1" (Lambda): a Lambda layer carries pickled code`},
		{row, "CuDNNLSTM", `"units": 3`, `layer "l1" (CuDNNLSTM): this layer of Keras 2's GPUs is not supported: make the model with LSTM(recurrent_activation='sigmoid') in its place`},
		{row, "Bidirectional", `"layer": {"class_name": "CuDNNGRU", "config": {"name": "g", "units": 3}}`, `CuDNNGRU: this layer of Keras 2's GPUs is not supported: make the model with GRU(recurrent_activation='sigmoid', reset_after=True)`},
		{row, "ConvLSTM3D", `"filters": 3`, `layer "l1" (ConvLSTM3D): this layer class is not supported (the nearest of `},
		{row, "HashedCrossing", `"num_bins": 3`, `layer "l1" (HashedCrossing): this layer of text is not supported (StringLookup, Hashing and TextVectorization are): begin the model behind it, and let a feature column hash(x, buckets)`},
		{"[null, 1]", "TextVectorization", `"vocabulary": ["a"]`, `output_sequence_length is missing: rows hold as many numbers each`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3`, `vocabulary is missing: a layer that was adapted has it in its .keras file`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "split": null`, `split None is not supported`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "split": "word"`, `split "word" is not supported`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "standardize": {"class_name": "function", "config": "mine"}`, `standardize is a function of its own (found function), which is never executed`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "output_mode": "multi_hot"`, `output_mode "multi_hot" is not supported, only int`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "ngrams": []`, `ngrams must be null, an integer or a list of some, found []`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "ngrams": 17`, `ngrams must be from 1 to 16, found 17`},
		{"[null, 1]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"], "ragged": true`, `ragged is not supported`},
		{"[null, 2]", "TextVectorization", `"output_sequence_length": 3, "vocabulary": ["a"]`, `takes one text of a row, found an input of shape (2)`},
		{row, "Sequential", `"layers": []`, `layer "l1" (Sequential): the model has no layers`},
		{row, "Sequential", `"layers": [], "wings": 2`, `model: argument wings is not supported (found 2)`},

		{row, "Dense", ``, `layer "l1" (Dense): units is missing`},
		{row, "Dense", `"units": 0`, `units must be an integer of at least 1, found 0`},
		{row, "Dense", `"units": 2.5`, `units must be an integer of at least 1, found 2.5`},
		{row, "Dense", `"units": "3"`, `units must be an integer of at least 1, found "3"`},
		{row, "Dense", `"units": 1e300`, `units must be an integer`},
		{row, "Dense", `"units": 99999999999`, `units must be an integer`},
		{row, "Dense", `"units": true`, `units must be an integer`},
		{row, "Dense", `"units": 3, "use_bias": 1`, `use_bias must be true or false, found 1`},
		{row, "Dense", `"units": 3, "activation": "gleam"`, `activation "gleam" is not supported (the nearest of 31 known: gelu, `},
		{row, "Dense", `"units": 3, "activation": {"class_name": "LeakyReLU", "config": {}}`, `activation LeakyReLU is not supported`},
		{row, "Dense", `"units": 3, "activation": {"class_name": "function", "config": ["relu"]}`, `activation ["relu"] is not supported`},
		{row, "Dense", `"units": 3, "kernel_regularizer": {"class_name": "L2", "config": {"l2": -1}}`, `kernel_regularizer: l2 must be at least 0, found -1`},
		{row, "Dense", `"units": 3, "bias_constraint": "RadialConstraint"`, `bias_constraint: constraint "RadialConstraint" is not supported (known: MaxNorm, MinMaxNorm, NonNeg, UnitNorm)`},
		{row, "Dense", `"units": 3, "bias_constraint": {"class_name": "MaxNorm", "config": {"axis": 1}}`, `bias: constraint along axes [1] of an array of shape (3)`},
		{row, "Dense", `"units": 3, "kernel_constraint": {"class_name": "UnitNorm", "config": {"axis": [0, -2]}}`, `kernel: constraint along axes [0 -2] of an array of shape (4, 3)`},
		{row, "Dense", `"units": 3, "kernel_constraint": {"class_name": "MinMaxNorm", "config": {"min_value": 2}}`, `kernel_constraint: min_value 2 is greater than max_value 1`},
		{row, "Dense", `"units": 3, "kernel_constraint": {"class_name": "NonNeg", "config": {"axis": 1}}`, `kernel_constraint: argument axis is not supported`},
		{row, "Dense", `"units": 3, "bias_regularizer": "OrthogonalRegularizer"`, `bias: OrthogonalRegularizer is for matrices of at least two rows (or columns, by its mode), found shape (3)`},
		{row, "Dense", `"units": 3, "activity_regularizer": {"class_name": "OrthogonalRegularizer"}`, `activity_regularizer: OrthogonalRegularizer is supported for weights only`},
		{row, "Dense", `"units": 3, "lora_rank": 2`, `lora_rank is not supported (found 2)`},
		{row, "Dense", `"units": 3, "sparkle": 2`, `argument sparkle is not supported (found 2)`},
		{row, "Dense", `"units": 3, "trainable": "no"`, `trainable must be true or false`},
		{row, "Dense", `"units": 3, "dtype": "int8"`, `dtype "int8" is not supported (known: those of floats`},
		{row, "Dense", `"units": 3, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"name": "int8_from_float32"}}`, `int8_from_float32`},
		{row, "Dense", `"units": 3, "dtype": 32`, `dtype 32 is not supported`},

		{row, "Dense", `"units": 3, "kernel_initializer": "magic"`, `layer "l1" (Dense): kernel_initializer: initializer "magic" is not supported (the nearest of 16 known: `},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "Magic", "config": {}}`, `initializer Magic is not supported`},
		{row, "Dense", `"units": 3, "kernel_initializer": "stft"`, `initializer STFT is for kernels of one channel`},
		{row, "Dense", `"units": 3, "bias_initializer": "identity"`, `bias: initializer Identity is for matrices, found shape (3)`},
		{row, "Dense", `"units": 3, "bias_initializer": "orthogonal"`, `bias: initializer Orthogonal is for at least two dimensions`},
		{row, "Dense", `"units": 3, "kernel_initializer": 5`, `initializer 5 is not supported`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "Zeros", "config": 5}`, `config of an initializer must be an object, found 5`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "Constant", "config": {"value": [1, 2]}}`, `Constant: value must be a finite number, found [1,2]`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "Constant", "config": {"value": 1e999}}`, `value must be a finite number`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "RandomNormal", "config": {"stddev": -1}}`, `stddev must be at least 0`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "RandomNormal", "config": {"seed": 1.5}}`, `seed must be an integer or null`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "RandomUniform", "config": {"minval": 1, "maxval": 0}}`, `minval 1 is greater than maxval 0`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 0}}`, `scale must be greater than 0`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "VarianceScaling", "config": {"mode": "fan"}}`, `mode "fan" is not supported`},
		{row, "Dense", `"units": 3, "kernel_initializer": {"class_name": "VarianceScaling", "config": {"input_axes": [0]}}`, `VarianceScaling: argument input_axes is not supported`},

		{image, "RandomTranslation", `"height_factor": 2, "width_factor": 0`, `height_factor must be one or two numbers from -1 to 1, found 2`},
		{image, "RandomTranslation", `"height_factor": 0.1`, `width_factor is missing`},
		{image, "RandomZoom", `"height_factor": [0.1, 0.2, 0.3]`, `height_factor must be a number or a list of two, found [0.1,0.2,0.3]`},
		{image, "RandomRotation", `"factor": 0.1, "fill_mode": "mirror"`, `fill_mode "mirror" is not supported`},
		{image, "RandomRotation", `"factor": 0.1, "interpolation": "bicubic"`, `interpolation "bicubic" is not supported`},
		{image, "RandomFlip", `"mode": "diagonal"`, `mode "diagonal" is not supported`},
		{image, "RandomContrast", `"factor": [1.5, 2]`, `factor must be one or two numbers, the first at most 1`},
		{image, "RandomContrast", `"factor": 0.1, "value_range": [1, 0]`, `value_range must be a list of two numbers, the smaller one first`},
		{image, "RandomBrightness", `"factor": [1.5, 2]`, `factor must be one or two numbers from -1 to 1, found [1.5,2]`},
		{image, "RandomBrightness", `"factor": -1.5`, `factor must be one or two numbers from -1 to 1, found -1.5`},
		{image, "RandomZoom", `"height_factor": 0.1, "width_factor": [0, 2]`, `width_factor must be one or two numbers from -1 to 1, found [0,2]`},
		{image, "RandomCrop", `"height": 3`, `width is missing`},
		{row, "RandomFlip", ``, `expects images (height, width, channels), found an input of shape (4)`},
		{row, "RandomErasing", `"factor": 0.1`, `layer "l1" (RandomErasing): this layer class is not supported`},
		{"[null, 5, 3]", "LSTM", `"units": 2, "stateful": true`, `stateful=true is not supported, since rows of a table have no order`},
		{"[null, 5, 3]", "LSTM", `"units": 2, "return_state": true`, `layer "l1" (LSTM): gives 3 results, a Sequential model takes layers with one`},
		{"[null, 4, 5, 3]", "TimeDistributed", `"layer": {"class_name": "GRU", "config": {"units": 2, "return_state": true}}`, `return_state of a layer inside is not supported`},
		{volume, "ConvLSTM2D", `"filters": 2, "kernel_size": 3, "data_format": "channels_first"`, `data_format "channels_first" is not supported (known: channels_last)`},
		{volume, "ConvLSTM2D", `"filters": 2, "kernel_size": 3, "stateful": true`, `stateful=true is not supported`},
		{"[null, 1000, 8, 8, 1]", "ConvLSTM2D", `"filters": 3000, "kernel_size": 1`, `3000 filters for 1000 steps are too many`},
		{image, "ConvLSTM2D", `"filters": 2, "kernel_size": 3`, `expects films (steps, height, width, channels), found an input of shape (8, 8, 3)`},
		{volume, "Conv3DTranspose", `"filters": 2, "kernel_size": 3, "dilation_rate": 2`, `is not supported`},

		{row, "Activation", ``, `activation is missing`},
		{row, "Dropout", ``, `rate must be at least 0 and less than 1, found null`},
		{row, "Dropout", `"rate": 1`, `rate must be at least 0 and less than 1, found 1`},
		{row, "Dropout", `"rate": 0.5, "noise_shape": [1, 4]`, `noise_shape [1,4] must start with null`},
		{row, "Dropout", `"rate": 0.5, "noise_shape": [null, 2]`, `noise_shape (2) does not broadcast to the input (4)`},
		{row, "Dropout", `"rate": 0.5, "noise_shape": [null, 1, 1]`, `noise_shape has 2 dimensions besides the batch, the input (4) has 1`},
		{row, "Dropout", `"rate": 0.5, "noise_shape": 4`, `noise_shape must be a list of dimensions`},

		{row, "Reshape", ``, `target_shape is missing`},
		{"[null, 1]", "Reshape", `"target_shape": []`, `layer "l1" (Reshape): output: a row of one number without a dimension is not supported: keep a dimension of 1`},
		{row, "EinsumDense", `"equation": "ab,b->a", "output_shape": []`, `output: a row of one number without a dimension is not supported`},
		{row, "Reshape", `"target_shape": 4`, `target_shape must be a list of integers`},
		{row, "Reshape", `"target_shape": [-1, -1]`, `has more than one -1`},
		{row, "Reshape", `"target_shape": [0]`, `dimensions must be at least 1`},
		{row, "Reshape", `"target_shape": [3, -1]`, `cannot reshape (4) (4 elements) to target_shape (3, -1)`},
		{row, "Reshape", `"target_shape": [5]`, `cannot reshape (4) (4 elements) to target_shape (5)`},
		{row, "Reshape", `"target_shape": [2147483647, 2147483647, 2147483647]`, `is too large`},
		{image, "Flatten", `"data_format": "channels_middle"`, `data_format "channels_middle" is not supported (known: channels_last, channels_first)`},

		{row, "Conv2D", `"filters": 2, "kernel_size": 3`, `expects images (height, width, channels), found an input of shape (4)`},
		{image, "Conv2D", `"filters": 2`, `kernel_size is missing`},
		{image, "Conv2D", `"filters": 2, "kernel_size": [3]`, `kernel_size must be an integer or a list of two, found [3]`},
		{image, "Conv2D", `"filters": 2, "kernel_size": [3, 0]`, `kernel_size must be integers of at least 1, found [3,0]`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 9`, `kernel [9 9]: a window of 9x9 does not fit into the input (8, 8, 3)`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "padding": "causal"`, `padding "causal" is not supported (known: valid, same)`},
		{row, "Conv2D", `"filters": 2, "kernel_size": 3, "data_format": "channels_first"`, `expects images (height, width, channels), found an input of shape (4)`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "activation": "softmax", "data_format": "channels_first"`, `activation softmax with channels_first is not supported`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2`, `Keras allows only one of them`},
		{image, "Conv2D", `"filters": 3, "kernel_size": 3, "groups": 2`, `filters 3 cannot be divided into 2 groups`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "groups": 2`, `its channels cannot be divided into 2 groups`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 2000000000, "dilation_rate": 2000000000`, `does not fit`},
		{image, "MaxPooling2D", `"pool_size": 9`, `pooling: a window of 9x9 does not fit into the input (8, 8, 3)`},
		{row, "MaxPooling2D", ``, `expects images`},

		{image, "Conv3D", `"filters": 2, "kernel_size": 3`, `expects volumes (depth, height, width, channels), found an input of shape (8, 8, 3)`},
		{volume, "Conv3D", `"filters": 2, "kernel_size": [3, 3]`, `kernel_size must be an integer or a list of three`},
		{volume, "Conv3D", `"filters": 2, "kernel_size": [5, 1, 1]`, `a window of depth 5 does not fit into the input's depth 4`},
		{volume, "Conv3D", `"filters": 2, "kernel_size": 2, "strides": [2, 1, 1], "dilation_rate": [1, 2, 1]`, `Keras allows only one of them`},
		{volume, "MaxPooling3D", `"pool_size": [1, 9, 1]`, `pooling: a window of 9x1 does not fit`},
		{volume, "Cropping3D", `"cropping": 2`, `depth: cropping`},
		{volume, "UpSampling3D", `"size": [1, 1, 2000000000]`, `is too large`},
		{image, "GlobalMaxPooling3D", ``, `expects volumes`},

		{row, "CategoryEncoding", `"output_mode": "one_hot"`, `num_tokens is missing`},
		{image, "CategoryEncoding", `"num_tokens": 3`, `output_mode multi_hot expects vectors, found an input of shape (8, 8, 3)`},
		{row, "CategoryEncoding", `"num_tokens": 2147483647, "output_mode": "one_hot"`, `are too many`},
		{row, "Discretization", `"num_bins": 4`, `bin_boundaries is missing: the layer was not adapted, or by tf.keras, which has them in the JSON when it is made anew with bin_boundaries=layer.bin_boundaries`},
		{row, "Discretization", `"bin_boundaries": [2, 1]`, `bin_boundaries must be an increasing list of numbers`},
		{row, "IntegerLookup", ``, `vocabulary is missing`},
		{row, "IntegerLookup", `"vocabulary": [1, 2, 1]`, `vocabulary has 1 twice`},
		{row, "IntegerLookup", `"vocabulary": [1, 16777216, 16777217]`, `vocabulary has 16777216 and 16777217, which are one number as float32, as rows hold them`},
		{row, "IntegerLookup", `"vocabulary": [1], "num_oov_indices": 0`, `num_oov_indices must be at least 1: with 0 Keras stops at a number that is not in the vocabulary`},
		{row, "IntegerLookup", `"vocabulary": [1], "num_oov_indices": 8388609`, `num_oov_indices 8388609 is not supported: there can be at most 8388608`},
		{row, "IntegerLookup", `"vocabulary": [1], "num_oov_indices": 1.5`, `num_oov_indices must be an integer of at least 0, found 1.5`},
		{row, "IntegerLookup", `"vocabulary": [1], "num_oov_indices": 2, "oov_method": "farmhash"`, `oov_method farmhash is not supported; floormod, by the remainder, is`},
		{row, "IntegerLookup", `"vocabulary": [1], "invert": true`, `invert is not supported`},
		{row, "IntegerLookup", `"vocabulary": [1, 0], "mask_token": 0`, `vocabulary has the mask_token 0, but not where it begins`},
		{row, "IntegerLookup", `"vocabulary": [[1], [2]]`, `vocabulary must be a list of numbers, found [[1],[2]]`},
		{row, "IntegerLookup", `"vocabulary": []`, `vocabulary must be a number or nested lists of numbers`},
		{row, "IntegerLookup", `"vocabulary": [1, 2, 3], "max_tokens": 3`, `vocabulary has 4 words and tokens, more than max_tokens, 3`},
		{row, "IntegerLookup", `"vocabulary": [1, 2], "output_mode": "count", "pad_to_max_tokens": true`, `max_tokens is missing`},
		{row, "IntegerLookup", `"vocabulary": [1, 2], "output_mode": "tf_idf"`, `idf_weights must be a list of as many numbers as the vocabulary has words, 2, found null`},
		{row, "IntegerLookup", `"vocabulary": [1, 2], "idf_weights": [1, 2]`, `idf_weights is not supported`},
		{row, "StringLookup", ``, `vocabulary is missing: a layer that was adapted has it in its .keras file, and in the JSON when it is made anew with vocabulary=layer.get_vocabulary()`},
		{row, "StringLookup", `"vocabulary": ["a"], "num_oov_indices": -1`, `num_oov_indices must be an integer of at least 0, found -1`},
		{row, "StringLookup", `"vocabulary": ["a", 1]`, `vocabulary must be a list of texts, found ["a",1]`},
		{row, "StringLookup", `"vocabulary": "words.txt"`, `vocabulary must be a list of texts, found "words.txt"`},
		{row, "StringLookup", `"vocabulary": ["a", "b", "a"]`, `vocabulary has "a" twice`},
		{row, "StringLookup", `"vocabulary": ["[UNK]"]`, `vocabulary is empty`},
		{row, "StringLookup", `"vocabulary": ["a", ""], "mask_token": ""`, `vocabulary has the mask_token "", but not where it begins`},
		{row, "StringLookup", `"vocabulary": ["a"], "encoding": "latin-1"`, `encoding "latin-1" is not supported, only utf-8`},
		{row, "StringLookup", `"vocabulary": ["a"], "invert": true`, `invert is not supported (found true)`},
		{row, "StringLookup", `"vocabulary": ["a"], "sparse": true, "output_mode": "count"`, `sparse is not supported (found true)`},
		{row, "StringLookup", `"vocabulary": ["a"], "num_oov_indices": 16777216`, `16777217 indices are not supported: there can be at most 16777216, since rows hold them as float32`},
		{row, "StringLookup", `"vocabulary": ["a"], "num_oov_indices": 2, "salt": [1, 2, 3]`, `salt must be an integer of 64 bits, or two, found [1,2,3]`},
		{row, "StringLookup", `"vocabulary": ["a"], "num_oov_indices": 2, "salt": "x"`, `salt must be an integer of 64 bits, or two, found "x"`},
		{row, "StringLookup", `"vocabulary": ["a"], "output_mode": "binary"`, `output_mode "binary" is not supported`},
		{image, "StringLookup", `"vocabulary": ["a"], "output_mode": "count"`, `output_mode count expects vectors, found an input of shape (8, 8, 3)`},
		{row, "Hashing", ``, `num_bins is missing`},
		{row, "Hashing", `"num_bins": 16777217`, `a Hashing of 16777217 indices is not supported`},
		{row, "Hashing", `"num_bins": 3, "output_mode": "tf_idf"`, `output_mode "tf_idf" is not supported`},
		{row, "Hashing", `"num_bins": 3, "mask_value": 5`, `mask_value must be a text, as the input is one of text, found 5`},
		{row, "Hashing", `"num_bins": 3, "mask_value": true`, `mask_value must be a text or a number, found true`},
		{row, "Hashing", `"num_bins": 3, "output_mode": "one_hot"`, `output_mode one_hot of (4) in a row is not supported: Keras 3 gives the shape (4, 3) and declares (3)`},
		{row, "Hashing", `"num_bins": 3, "sparse": true`, `sparse is not supported`},

		{row, "EinsumDense", `"equation": "ab,bc", "output_shape": [3]`, `equation must be of the form`},
		{row, "EinsumDense", `"equation": "abc,cd->abd", "output_shape": [3]`, `does not fit the input (4)`},
		{row, "EinsumDense", `"equation": "ab,bc->ca", "output_shape": [3]`, `the batch must stay the first dimension`},
		{row, "EinsumDense", `"equation": "ab,bc->abc", "output_shape": [4, 3]`, `dimension b of the input must be in the kernel or in the result, and not in both`},
		{row, "EinsumDense", `"equation": "ab,bc->ac", "output_shape": [null]`, `output_shape does not say how large dimension c is`},
		{row, "EinsumDense", `"equation": "ab,bc->ac", "output_shape": [3, 3]`, `output_shape (3, 3) must have 1 dimensions`},
		{row, "EinsumDense", `"equation": "ab,bcx->ac", "output_shape": [3]`, `dimension x of the kernel is neither in the input nor in the result`},
		{row, "EinsumDense", `"equation": "ab,bbc->ac", "output_shape": [3]`, `has a dimension twice`},
		{row, "EinsumDense", `"equation": "ab,bc->ac", "output_shape": [3], "bias_axes": "a"`, `are not dimensions of the result`},

		{row, "LayerScale", `"init_values": 1, "projection_dim": 3`, `projection_dim is 3, the last dimension of the input (4) is not`},
		{row, "StochasticDepth", `"drop_path_rate": 1`, `drop_path_rate must be at least 0 and less than 1`},
		{row, "CustomScaleLayer", `"scale": 1`, `takes two inputs of one shape, found 1`},

		{image, "BatchNormalization", `"axis": 4`, `axis 4 is not an axis of the input (8, 8, 3) besides the batch`},
		{image, "BatchNormalization", `"axis": 0`, `axis 0 is not an axis`},
		{image, "BatchNormalization", `"axis": [1, 3]`, `axis must be one axis, found [1,3]`},
		{image, "BatchNormalization", `"renorm": true`, `renorm is not supported (found true)`},
		{image, "BatchNormalization", `"synchronized": true`, `synchronized is not supported`},
		{image, "BatchNormalization", `"virtual_batch_size": 8`, `virtual_batch_size is not supported`},
		{image, "BatchNormalization", `"momentum": 1.5`, `momentum must be between 0 and 1`},
		{image, "BatchNormalization", `"epsilon": -1`, `epsilon must be at least 0`},
	}
	for _, tt := range tests {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) {
			err := refused(t, chain(tt.shape, tt.class, tt.args), tt.want)
			var layer *LayerError
			if !errors.As(err, &layer) || layer.Layer != "l1" || layer.Class != tt.class {
				t.Errorf("the error does not name the layer: %v", err)
			}
		})
	}
}

func TestRefusedModels(t *testing.T) {
	const dense = `{"class_name": "Dense", "config": {"name": "d", "units": 2}}`
	sequential := func(config string) string { return `{"class_name": "Sequential", "config": {` + config + `}}` }
	tests := []struct{ name, text, want string }{
		{"empty", ``, `JSON line 1, column 0: unexpected end of JSON input`},
		{"cut", `{"class_name": "Sequential", "config": [`, `JSON line 1, column 40: unexpected end of JSON input`},
		{"bad syntax", "{\n  \"class_name\": Sequential}", `JSON line 2, column 17: invalid character 'S'`},
		{"two values", `{} {}`, `JSON line 1, column 4: invalid character '{' after top-level value`},
		{"not an object", `[1]`, `a model must be a JSON object, found [1]`},
		{"no class", `{"config": []}`, `class_name must be a text, found null`},
		{"unknown class", `{"class_name": "Bert", "config": {}}`, `model class "Bert" is not supported`},
		{"custom class", `{"class_name": "Functional", "registered_name": "mine>Functional", "config": {}}`, `custom class, registered as "mine>Functional"`},
		{"custom layer", sequential(`"layers": [{"class_name": "Dense", "registered_name": "mine>Dense", "config": {}}]`), `layer 0: Dense is a custom class`},
		{"no config", `{"class_name": "Sequential"}`, `config of a Sequential model must be an object, found null`},
		{"list for functional", `{"class_name": "Model", "config": []}`, `config of a Model model must be an object`},
		{"no layers", sequential(``), `layers of a model must be a list, found null`},
		{"zero layers", sequential(`"layers": []`), `the model has no layers`},
		{"layer is text", sequential(`"layers": ["Dense"]`), `layer 0 must be an object, found "Dense"`},
		{"unknown setting", sequential(`"layers": [], "wings": 2`), `model: argument wings is not supported (found 2)`},
		{"model dtype", sequential(`"layers": [], "dtype": "int32"`), `model: dtype "int32" is not supported`},
		{"key twice", `{"class_name": "Sequential", "class_name": "Model"}`, `JSON line 1, column 41: key "class_name" appears twice in one object`},
		{"no input shape", sequential(`"layers": [` + dense + `]`), `the model leaves dimensions open: input "d_input" has no shape`},
		{"only an input", `{"class_name": "Sequential", "config": [{"class_name": "InputLayer", "config": {"name": "a", "batch_shape": [null, 2]}}]}`, `no layer but its inputs`},
		{"no name", sequential(`"layers": [{"class_name": "Dense", "config": {"units": 2}}]`), `layer 0 (Dense): config has no name`},
		{"no layer config", sequential(`"layers": [{"class_name": "Dense"}]`), `layer 0 (Dense): config has no name`},
		{"two names", sequential(`"layers": [{"class_name": "Dense", "name": "e", "config": {"name": "d", "units": 2}}]`), `is called "e" outside its config`},
		{"same name", sequential(`"build_input_shape": [null, 4], "layers": [` + dense + `, ` + dense + `]`), `layer "d" (Dense): another layer has the same name`},
		{"built badly", sequential(`"build_input_shape": [null, null], "layers": [` + dense + `]`), `input "d_input" has the shape (None)`},
		{"input without shape", sequential(`"layers": [{"class_name": "InputLayer", "config": {"name": "a"}}]`), `layer "a" (InputLayer): states no input shape`},
		{"sparse input", sequential(`"layers": [{"class_name": "InputLayer", "config": {"name": "a", "sparse": true, "batch_shape": [null, 2]}}]`), `sparse is not supported`},
		{"text input", sequential(`"layers": [{"class_name": "InputLayer", "config": {"name": "a", "dtype": "string", "batch_shape": [null, 2]}}, ` + dense + `]`), `input "a" is one of text (dtype string): a StringLookup, Hashing or TextVectorization must take it`},
		{"open shape", chain("[null, null, 3]", "Flatten", ""), `input "in" has the shape (None, 3)`},
		{"Keras 1", `{"class_name": "Sequential", "keras_version": "1.2.2", "config": [{"class_name": "Dense", "config": {"name": "d", "output_dim": 2, "batch_input_shape": [null, 4]}}]}`, `the model is of Keras 1`},
		{"Keras 1 without version", `{"class_name": "Sequential", "config": [{"class_name": "Convolution2D", "config": {"name": "d", "nb_filter": 2, "batch_input_shape": [null, 4, 4, 1]}}]}`, `Keras 2.0 to 2.3 load it`},
		{"TensorFlow.js", `{"modelTopology": {"model_config": {}}}`, `this is a model of TensorFlow.js`},
		{"metadata", `{"keras_version": "3.0.0", "date_saved": "x"}`, `the config.json beside it is the model`},
		{"HDF5", "\x89HDF\r\n\x1a\nrest", `this is an HDF5 file (.h5)`},
		{"archive", "PK\x03\x04rest", `this is a zip archive`},
		{"pickle", "\x80\x04\x95rest", `a pickle of Python, which can run code and is never read`},
		{"SavedModel", "\x08\x01\x12rest", `protocol buffers, as saved_model.pb`},
		{"safetensors", "\x40\x00\x00\x00\x00\x00\x00\x00{\"a\": 1}", `this is a safetensors file`},
		{"TensorFlow Lite", "\x1c\x00\x00\x00TFL3rest", `TensorFlow Lite`},
		{"scalar rows", chain("[null]"), `must hold the batch dimension and at least one more`},
		{"zero dimension", chain("[null, 0]"), `integers of at least 1 or null`},
		{"shape is text", chain(`"4"`), `must be a list of dimensions`},
		{"huge rows", chain("[null, 100000, 100000]"), `more than 268435456 elements per row`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.text, tt.want) })
	}
}

func TestRefusedGraphs(t *testing.T) {
	model := func(in, out string, layers ...string) string {
		return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [%s], "input_layers": %s, "output_layers": %s}}`,
			strings.Join(layers, ", "), in, out)
	}
	dense := func(name, nodes string) string {
		return fmt.Sprintf(`{"class_name": "Dense", "name": %q, "config": {"name": %q, "units": 2}, "inbound_nodes": %s}`, name, name, nodes)
	}
	const a = `{"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_shape": [null, 4]}, "inbound_nodes": []}`
	const b = `{"class_name": "InputLayer", "name": "b", "config": {"name": "b", "batch_shape": [null, 5]}, "inbound_nodes": []}`
	const inA, outD = `[["a", 0, 0]]`, `[["d", 0, 0]]`
	const fromA = `[[["a", 0, 0, {}]]]`
	const tensorA = `{"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}`
	tests := []struct{ name, text, want string }{
		{"no inputs", model(`[]`, outD, a, dense("d", fromA)), `input_layers: names no layer`},
		{"inputs missing", model(`null`, outD, a, dense("d", fromA)), `input_layers: names no layer`},
		{"inputs malformed", model(`[["a"]]`, outD, a, dense("d", fromA)), `input_layers: must be [layer, node, tensor], found ["a"]`},
		{"unknown input", model(`[["x", 0, 0]]`, outD, a, dense("d", fromA)), `input_layers: there is no layer "x"`},
		{"input is no input", model(outD, outD, a, dense("d", fromA)), `is not the tensor of an InputLayer`},
		{"input twice", model(`[["a", 0, 0], ["a", 0, 0]]`, outD, a, dense("d", fromA)), `layer "a" appears twice`},
		{"input not listed", model(inA, outD, a, b, dense("d", fromA)), `layer "b" (InputLayer): is not among the input_layers`},
		{"input applied", model(inA, outD, strings.Replace(a, `"inbound_nodes": []`, `"inbound_nodes": [[["d", 0, 0]]]`, 1), dense("d", fromA)), `layer "a" (InputLayer): cannot be applied`},
		{"never applied", model(inA, outD, a, dense("d", fromA), dense("e", `[]`)), `layer "e" (Dense): is not applied to any tensor`},
		{"no nodes", model(inA, outD, a, dense("d", `null`)), `layer "d" (Dense): is not applied to any tensor`},
		{"nodes malformed", model(inA, outD, a, dense("d", `5`)), `inbound_nodes must be a list, found 5`},
		{"node malformed", model(inA, outD, a, dense("d", `[5]`)), `inbound_nodes[0]: must be a list of tensors, found 5`},
		{"node of texts", model(inA, outD, a, dense("d", `[["a"]]`)), `inbound_nodes[0]: must hold [layer, node, tensor, arguments], found "a"`},
		{"empty node", model(inA, outD, a, dense("d", `[[]]`)), `is called without a tensor`},
		{"arguments", model(inA, outD, a, dense("d", `[[["a", 0, 0, {"training": true}]]]`)), `the layer is called with training=true`},
		{"arguments malformed", model(inA, outD, a, dense("d", `[[["a", 0, 0, 5]]]`)), `the arguments of a call must be an object`},
		{"keras 3 arguments", model(inA, outD, a, dense("d", `[{"args": [`+tensorA+`], "kwargs": {"training": true}}]`)), `called with training=true`},
		{"keras 3 no args", model(inA, outD, a, dense("d", `[{}]`)), `args must be a list`},
		{"keras 3 no tensor", model(inA, outD, a, dense("d", `[{"args": [3]}]`)), `must be a tensor with a keras_history, found 3`},
		{"keras 3 history", model(inA, outD, a, dense("d", `[{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["a"]}}]}]`)), `must be a tensor with a keras_history`},
		{"unknown source", model(inA, outD, a, dense("d", `[[["x", 0, 0]]]`)), `layer "d" (Dense): there is no layer "x"`},
		{"unknown node", model(inA, outD, a, dense("d", `[[["a", 1, 0]]]`)), `layer "a" has no tensor [1, 0]`},
		{"negative node", model(inA, outD, a, dense("d", `[[["a", -1, 0]]]`)), `layer "a" has no tensor [-1, 0]`},
		{"unknown tensor", model(inA, outD, a, dense("d", `[[["a", 0, 1]]]`)), `layer "a" has no tensor [0, 1]`},
		{"two inputs", model(`[["a", 0, 0], ["b", 0, 0]]`, outD, a, b, dense("d", `[[["a", 0, 0], ["b", 0, 0]]]`)), `layer "d" (Dense): takes one input, found 2`},
		{"circle", model(inA, outD, a, dense("d", `[[["e", 0, 0]]]`), dense("e", `[[["d", 0, 0]]]`)), `layer "d" (Dense): its input depends on its own output`},
		{"itself", model(inA, outD, a, dense("d", `[[["d", 0, 0]]]`)), `its input depends on its own output`},
		{"unknown output", model(inA, `[["x", 0, 0]]`, a, dense("d", fromA)), `output_layers: there is no layer "x"`},
		{"no outputs", model(inA, `{}`, a, dense("d", fromA)), `output_layers: names no layer`},
		{"shared unequally", model(`[["a", 0, 0], ["b", 0, 0]]`, outD, a, b, dense("d", `[[["a", 0, 0]], [["b", 0, 0]]]`)), `layer "d" (Dense): is shared, but its kernel has shape (4, 2) for one input and (5, 2) for another`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.text, tt.want) })
	}
}

// TestRefusedBatches: an operation that takes rows of a batch is refused, one that takes all of them is not.
func TestRefusedBatches(t *testing.T) {
	model := func(rows string) string {
		return `{"class_name": "Functional", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 6]}, "inbound_nodes": []},
			{"class_name": "GetItem", "module": "keras.src.ops.numpy", "name": "g", "config": {}, "inbound_nodes": [{"args": [
				{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}},
				[{"class_name": "__slice__", "config": ` + rows + `}, {"class_name": "__slice__", "config": {"start": null, "stop": 2, "step": null}}]], "kwargs": {}}]}],
			"input_layers": [["i", 0, 0]], "output_layers": [["g", 0, 0]]}}`
	}
	for _, rows := range []string{`{"start": 0, "stop": 1, "step": null}`, `{"start": null, "stop": 5, "step": null}`, `{"start": -1, "stop": null, "step": null}`, `{"start": null, "stop": null, "step": -1}`} {
		_ = refused(t, model(rows), `of the batch, which is not supported`)
	}
	for _, rows := range []string{`{"start": null, "stop": null, "step": null}`, `{"start": 0, "stop": null, "step": 1}`} {
		if _, err := Parse([]byte(model(rows))); err != nil {
			t.Errorf("%s: %v", rows, err)
		}
	}
}

// TestRefusedCelu: numbers that Keras divides by.
func TestRefusedCelu(t *testing.T) {
	for _, alpha := range []string{"0", "-1"} {
		_ = refused(t, `{"class_name": "Functional", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 6]}, "inbound_nodes": []},
			{"class_name": "Celu", "module": "keras.src.ops.nn", "name": "c", "config": {"alpha": `+alpha+`}, "inbound_nodes": [{"args": [
				{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}}], "kwargs": {}}]}],
			"input_layers": [["i", 0, 0]], "output_layers": [["c", 0, 0]]}}`, `alpha must be greater than 0, found `+alpha)
	}
}

func TestLimits(t *testing.T) {
	refused(t, strings.Repeat(" ", MaxJSONBytes+1), `more than 16777216`)
	refused(t, strings.Repeat("[", 1000)+strings.Repeat("]", 1000), `lists and objects nest deeper than 100`)
	refused(t, strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000), `lists and objects nest deeper than 100`)
	// 10^12 weights
	refused(t, chain("[null, 1000000]", "Dense", `"units": 1000000`), `layer "l1" (Dense): kernel of shape (1000000, 1000000) brings the model above 2147483647 weights`)
	// each layer is below the limit, their sum is not
	refused(t, chain("[null, 40000]", "Dense", `"units": 40000`, "Dense", `"units": 40000`), `layer "l2" (Dense): kernel`)
	refused(t, chain("[null, 8, 8, 1]", "Conv2D", `"filters": 1000000000, "kernel_size": 8`), `elements per row`)
	refused(t, chain("[null, 8, 8, 3]", "Conv2D", `"filters": 1, "kernel_size": [2000000000, 2000000000], "padding": "same"`), `kernel of shape (2000000000, 2000000000, 3, 1)`)
}

// FuzzParse: no input makes Parse panic, and what it accepts is consistent.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbf\"{\\\"class_name\\\": 1}\""))
	for _, m := range openModels {
		f.Add([]byte(m.text))
	}
	f.Add([]byte(`{"class_name": "Functional", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, null, 6]}, "inbound_nodes": []},
		{"class_name": "GetItem", "module": "keras.src.ops.numpy", "name": "g", "config": {}, "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}},
			[{"class_name": "__slice__", "config": {"start": null, "stop": null, "step": null}}, {"class_name": "__slice__", "config": {"start": -1, "stop": null, "step": -2}}, null, 2]], "kwargs": {}}]},
		{"class_name": "TFOpLambda", "name": "s", "config": {"name": "s", "function": "split"}, "inbound_nodes": [["g", 0, 0, {"num_or_size_splits": 1, "axis": 1}]]}],
		"input_layers": [["i", 0, 0]], "output_layers": [["s", 0, 0]]}}`))
	for _, name := range []string{"iris.k216", "mlp.k2", "mlp.k3", "cnn.k3", "two_towers.k2", "two_towers.k3", "named_inputs.k3", "initializers.k2", "sequences.k2", "sequences.k3", "nested.k2", "nested.k3", "attending.k2", "attending.k3"} {
		f.Add(readFile(f, name+".json"))
	}
	f.Add([]byte(chain("[null, 8, 8, 3]", "Conv2D", `"filters": 6, "kernel_size": 3, "groups": 3`, "Reshape", `"target_shape": [-1, 2]`, "Dropout", `"rate": 0.5, "noise_shape": [null, 1, 2]`)))
	f.Add([]byte(chain("[null, 4]", "Dense", `"units": 3, "kernel_regularizer": {"class_name": "OrthogonalRegularizer", "config": {"factor": 0.1, "mode": "rows"}}, `+
		`"kernel_constraint": {"class_name": "MinMaxNorm", "config": {"min_value": 0, "max_value": 1, "rate": 0.5, "axis": [0, -1]}}`)))
	f.Add([]byte(ofTextChain("string", "[null, 2]", "StringLookup", `"vocabulary": ["", "[UNK]", "[UNK]", "a"], "mask_token": "", "num_oov_indices": 2, "salt": [1, 2]`)))
	f.Add([]byte(ofTextChain("string", "[null, 2]", "StringLookup", `"vocabulary": ["a", "b"], "output_mode": "tf_idf", "idf_weights": [1, 2], "max_tokens": 5, "pad_to_max_tokens": true`)))
	f.Add([]byte(ofTextChain("int64", "[null, 2]", "Hashing", `"num_bins": 4, "mask_value": -1, "salt": 3, "output_mode": "count"`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := Parse(text)
		if open := (*OpenError)(nil); errors.As(err, &open) { // closed, it is a model, or has a fault of its own
			shapes := make([][]int, len(open.Inputs))
			for i, in := range open.Inputs {
				if shapes[i] = atLeast1(in.Shape); len(shapes[i]) == 0 {
					shapes[i] = []int{3}
				}
			}
			closed, err := Build(text, shapes)
			if err != nil {
				return
			}
			if spec, err = Parse(closed); err != nil {
				t.Fatalf("closed: %v", err)
			}
		} else if err != nil {
			return
		}
		n := 0
		for _, w := range spec.Weights {
			if w.Offset != n || w.Size() < 1 {
				t.Fatalf("%s/%s: offset %d, size %d, want offset %d", w.Layer, w.Name, w.Offset, w.Size(), n)
			}
			n += w.Size()
		}
		if n != spec.NumWeights || n > MaxWeights {
			t.Fatalf("NumWeights is %d, the arrays have %d", spec.NumWeights, n)
		}
		ready := map[int]bool{}
		for _, i := range spec.Inputs {
			ready[i] = true
		}
		for _, c := range spec.Calls {
			for _, i := range slices.Concat(c.Inputs, c.Masks) {
				if i >= 0 && !ready[i] {
					t.Fatalf("layer %q reads tensor %d before it is made", c.Layer.Name, i)
				}
			}
			if c.Masks != nil && len(c.Masks) != len(c.Inputs) {
				t.Fatalf("layer %q has %d masks for %d inputs", c.Layer.Name, len(c.Masks), len(c.Inputs))
			}
			for _, o := range c.Outputs {
				ready[o] = true
			}
		}
		for i, tensor := range spec.Tensors {
			if !ready[i] || len(tensor.Shape) == 0 || checkRow(tensor.Shape) != nil {
				t.Fatalf("tensor %d: %+v", i, tensor)
			}
		}
		if len(spec.Inputs) == 0 || len(spec.OutputShapes()) == 0 {
			t.Fatal("no inputs or no outputs")
		}
	})
}
