package keras

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShapes checks the shape of the result, which Keras' own shapes in testdata check for one combination each.
func TestShapes(t *testing.T) {
	const image, line = "[null, 9, 8, 4]", "[null, 9, 4]"
	tests := []struct {
		shape, class, args string
		out                []int
	}{
		{image, "AveragePooling2D", `"pool_size": [2, 3], "strides": null`, []int{4, 2, 4}},
		{line, "AveragePooling1D", `"pool_size": [2], "strides": [3], "padding": "same"`, []int{3, 4}},
		{line, "MaxPooling1D", ``, []int{4, 4}},
		{image, "GlobalAveragePooling2D", ``, []int{4}},
		{image, "GlobalMaxPooling2D", `"keepdims": true`, []int{1, 1, 4}},
		{line, "GlobalMaxPooling1D", `"keepdims": true`, []int{1, 4}},
		{image, "ZeroPadding2D", ``, []int{11, 10, 4}},
		{image, "ZeroPadding2D", `"padding": [0, 2]`, []int{9, 12, 4}},
		{image, "ZeroPadding2D", `"padding": [[1, 2], [3, 4]]`, []int{12, 15, 4}},
		{line, "ZeroPadding1D", `"padding": [1, 2]`, []int{12, 4}},
		{line, "ZeroPadding1D", `"padding": 2`, []int{13, 4}},
		{image, "Cropping2D", ``, []int{9, 8, 4}},
		{line, "Cropping1D", `"cropping": [8, 0]`, []int{1, 4}},
		{image, "UpSampling2D", `"size": 3, "interpolation": "nearest"`, []int{27, 24, 4}},
		{line, "UpSampling1D", ``, []int{18, 4}},
		{"[null, 4]", "RepeatVector", `"n": 3`, []int{3, 4}},
		{image, "Permute", `"dims": [3, 1, 2]`, []int{4, 9, 8}},
		{line, "Conv1D", `"filters": 3, "kernel_size": 2, "padding": "causal"`, []int{9, 3}},
		{image, "DepthwiseConv2D", `"kernel_size": 3, "depth_multiplier": 2`, []int{7, 6, 8}},
		{image, "SeparableConv2D", `"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"`, []int{5, 4, 5}},
		{image, "Conv2DTranspose", `"filters": 5, "kernel_size": 3, "strides": 2`, []int{19, 17, 5}},
		{image, "Conv2DTranspose", `"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"`, []int{18, 16, 5}},
		{line, "Embedding", `"input_dim": 7, "output_dim": 2`, []int{9, 4, 2}},
		{line, "LayerNormalization", `"axis": [1, -1]`, []int{9, 4}},
		{image, "GroupNormalization", `"groups": 2`, []int{9, 8, 4}},
		{line, "Normalization", `"axis": null`, []int{9, 4}},
		{line, "Normalization", `"mean": [[[1, 2, 3, 4]]], "variance": [[[1, 2, 3, 4]]]`, []int{9, 4}},
		{line, "RMSNormalization", `"axis": [1, 2]`, []int{9, 4}},
		{line, "DepthwiseConv1D", `"kernel_size": 3, "depth_multiplier": 2`, []int{7, 8}},
		{line, "Conv1DTranspose", `"filters": 5, "kernel_size": 3, "strides": 2`, []int{19, 5}},
		{line, "Conv1DTranspose", `"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0`, []int{17, 5}},
		{image, "CenterCrop", `"height": 4, "width": 8`, []int{4, 8, 4}},
		{image, "Resizing", `"height": 4, "width": 20, "interpolation": "lanczos5"`, []int{4, 20, 4}},
		{image, "Activation", `"activation": "glu"`, []int{9, 8, 2}},
		{line, "Dense", `"units": 6, "activation": "glu"`, []int{9, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) {
			spec, err := Parse([]byte(chain(tt.shape, tt.class, tt.args)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, spec.OutputShapes()[0]); diff != "" {
				t.Error(diff)
			}
			if got := spec.Layers[1].Config.Class(); got != tt.class {
				t.Errorf("Class is %q", got)
			}
		})
	}
}

func TestRefusedMoreLayers(t *testing.T) {
	const row, line, image = "[null, 4]", "[null, 9, 4]", "[null, 8, 8, 3]"
	tests := []struct{ shape, class, args, want string }{
		{image, "AveragePooling1D", ``, `expects sequences (length, channels), found an input of shape (8, 8, 3)`},
		{line, "AveragePooling2D", ``, `expects images`},
		{line, "MaxPooling1D", `"pool_size": [2, 2]`, `pool_size must be an integer of at least 1`},
		{image, "ZeroPadding2D", `"padding": -1`, `padding must be integers of at least 0`},
		{image, "ZeroPadding2D", `"padding": [1, 2, 3]`, `padding must be an integer or a list of two`},
		{image, "ZeroPadding2D", `"padding": [[1, 2, 3], 1]`, `padding must be an integer, or two per dimension`},
		{image, "ZeroPadding2D", `"padding": 2000000000`, `elements per row`},
		{image, "Cropping2D", `"cropping": 4`, `leaves nothing of the input (8, 8, 3)`},
		{image, "UpSampling2D", `"interpolation": "area"`, `interpolation "area" is not supported (known: nearest, bilinear, `},
		{image, "Resizing", `"height": 2`, `width is missing`},
		{image, "Resizing", `"height": 2, "width": 3, "crop_to_aspect_ratio": true`, `crop_to_aspect_ratio is not supported`},
		{image, "Resizing", `"height": 2000000000, "width": 2000000000`, `elements per row`},
		{image, "CenterCrop", `"height": 9, "width": 2`, `the input (8, 8, 3) is smaller than 9x2`},
		{image, "UpSampling2D", `"size": 2000000000`, `too large`},
		{image, "RepeatVector", `"n": 2`, `expects vectors`},
		{image, "Permute", `"dims": [1, 2, 2]`, `must hold each of 1 to 3 once`},
		{image, "Permute", `"dims": [2, 1]`, `has 2 dimensions, the input (8, 8, 3) has 3`},
		{row, "Subtract", ``, `takes two inputs, found 1`},
		{row, "Concatenate", `"axis": 0`, `axis 0 is not an axis of the input (4) besides the batch`},
		{row, "ReLU", `"negative_slope": -1`, `negative_slope must be at least 0, found -1`},
		{row, "ELU", `"alpha": -1`, `alpha must be at least 0`},
		{row, "PReLU", `"shared_axes": [2]`, `2 is not an axis of the input (4) besides the batch`},
		{row, "PReLU", `"alpha_constraint": "non_pos"`, `alpha_constraint: constraint "non_pos" is not supported`},
		{row, "Softmax", `"axis": [1, 2]`, `axis 2 is not an axis of the input (4) besides the batch`},
		{row, "Softmax", `"axis": [1, -1]`, `name one axis twice`},
		{row, "Rescaling", ``, `scale is missing`},
		{row, "Rescaling", `"scale": [1, 2]`, `an array of shape (2) does not fit the input's (4)`},
		{row, "Rescaling", `"scale": 1, "offset": [[1], [2]]`, `an array of shape (2, 1) does not fit the input's (4)`},
		{row, "Rescaling", `"scale": [[1, 2], [3]]`, `scale must be a number or nested lists of numbers, all of one length`},
		{row, "GaussianNoise", ``, `stddev is missing`},
		{row, "GaussianDropout", `"rate": 1`, `rate must be at least 0 and less than 1`},
		{row, "SpatialDropout1D", `"rate": 0.5`, `noise_shape has 2 dimensions besides the batch, the input (4) has 1`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "padding": "causal"`, `padding "causal" is not supported`},
		{image, "DepthwiseConv2D", `"kernel_size": 3, "depth_multiplier": 0`, `depth_multiplier must be an integer of at least 1`},
		{image, "DepthwiseConv2D", `"kernel_size": 3, "groups": 2`, `groups must be 1`},
		{image, "Conv2DTranspose", `"filters": 2, "kernel_size": 3, "output_padding": 1`, `output_padding [1 1] does not fit strides [1 1]`},
		{image, "Conv2DTranspose", `"filters": 2, "kernel_size": 3, "output_padding": [1, 2, 3]`, `output_padding must be an integer or a list of integers of at least 0`},
		{row, "Conv1DTranspose", `"filters": 2, "kernel_size": 3`, `expects sequences`},
		{image, "GroupNormalization", `"groups": 2`, `the 3 channels of the input (8, 8, 3) cannot be divided into 2 groups`},
		{image, "GroupNormalization", `"groups": 0`, `groups must be an integer of at least 1, or -1`},
		{image, "GroupNormalization", `"groups": 1, "axis": 4`, `axis 4 is not an axis`},
		{image, "RMSNormalization", `"axis": 1`, `only the last axes are supported`},
		{row, "Normalization", `"mean": 1`, `mean and variance must both be given`},
		{row, "Normalization", `"mean": [1, 2, 3], "variance": [1, 2, 3]`, `mean and variance of shape (3) do not fit the input's (4)`},
		{row, "Normalization", `"mean": [[[1]]], "variance": [[[1]]]`, `mean and variance of shape (1, 1, 1) do not fit the input's (4)`},
		{row, "Normalization", `"mean": [[1, 2, 3, 4], [1, 2, 3, 4]], "variance": [[1, 2, 3, 4], [1, 2, 3, 4]]`, `mean and variance of shape (2, 4) do not fit the input's (4)`},
		{line, "Normalization", `"axis": 1, "mean": [[1, 2, 3, 4]], "variance": [[1, 2, 3, 4]]`, `mean and variance of shape (1, 4) do not fit the input's (9)`},
		{row, "Normalization", `"mean": [1, [2]], "variance": [1, 2]`, `mean must be a number or nested lists of numbers`},
		{row, "Normalization", `"axis": [1, 1]`, `name one axis twice`},
		{row, "AlphaDropout", `"rate": 1`, `rate must be at least 0 and less than 1`},
		{row, "Dot", `"axes": 1`, `takes two inputs, found 1`},
		{row, "Dot", ``, `axes is missing`},
		{line, "MultiHeadAttention", `"num_heads": 2, "key_dim": 3`, `must be called with query and value`},
		{line, "MultiHeadAttention", `"num_heads": 2`, `key_dim is missing`},
		{line, "MultiHeadAttention", `"num_heads": 2, "key_dim": 3, "sliding_window": 2`, `sliding_window is not supported`},
		{line, "MultiHeadAttention", `"num_heads": 2, "key_dim": 3, "use_gate": true`, `use_gate is not supported`},
		{line, "MultiHeadAttention", `"num_heads": 2, "key_dim": 3, "dropout": 1`, `dropout must be at least 0 and less than 1`},
		{line, "MultiHeadAttention", `"num_heads": 200000, "key_dim": 300000`, `are too many`},
		{line, "MultiHeadAttention", `"num_heads": 2, "key_dim": 3, "output_shape": []`, `output_shape must be one or more dimensions`},
		{line, "Attention", ``, `takes query, value and an optional key, found 1 inputs`},
		{line, "Attention", `"score_mode": "cosine"`, `score_mode "cosine" is not supported`},
		{"[null, 4, 3]", "Activation", `"activation": "glu"`, `activation glu halves the last dimension, which must be even, found shape (4, 3)`},
		{row, "Dense", `"units": 3, "activation": "glu"`, `activation glu halves the last dimension, which must be even, found shape (3)`},
		{image, "Conv2D", `"filters": 2, "kernel_size": 3, "activation": "glu"`, `activation glu halves its input, which is supported in the layers Dense and Activation only`},
		{line, "LSTM", `"units": 2, "recurrent_activation": "glu"`, `recurrent_activation "glu" is not supported in a recurrent layer`},
		{row, "Activation", `"activation": "threshold"`, `activation "threshold" is not supported: it needs arguments, which a name cannot give; Keras too raises a TypeError`},
		{image, "Conv2DTranspose", `"filters": 2, "kernel_size": 3, "dilation_rate": 2`, `dilation_rate [2 2] is not supported`},
		{image, "LayerNormalization", `"axis": [2, 1]`, `must be in ascending order`},
		{image, "LayerNormalization", `"axis": []`, `axis must be an axis or a list of them`},
		{image, "LayerNormalization", `"rms_scaling": true`, `rms_scaling is not supported`},
		{row, "Embedding", `"input_dim": 3`, `output_dim is missing`},
	}
	for _, tt := range tests {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) { _ = refused(t, chain(tt.shape, tt.class, tt.args), tt.want) })
	}
}

// TestResNet20 is the true one, of Keras' CIFAR-10 example.
func TestResNet20(t *testing.T) {
	for _, name := range []string{"resnet20.k2.json", "resnet20.k3.json"} {
		spec := parse(t, name)
		if spec.NumWeights != 274442 {
			t.Errorf("%s: %d weights, Keras counts 274442", name, spec.NumWeights)
		}
		regularized := 0
		for _, w := range spec.Weights {
			if w.Regularizer == (Regularizer{L2: 1e-4}) || w.Regularizer == (Regularizer{L2: 9.999999747378752e-05}) {
				regularized++
			}
		}
		if regularized != 21 {
			t.Errorf("%s: %d regularized arrays, want the kernels of 21 convolutions", name, regularized)
		}
	}
}

func TestBroadcast(t *testing.T) {
	tests := []struct{ a, b, want []int }{
		{[]int{2, 3}, []int{2, 3}, []int{2, 3}},
		{[]int{3}, []int{2, 1}, []int{2, 3}},
		{[]int{4, 1, 3}, []int{5, 3}, []int{4, 5, 3}},
		{[]int{4}, []int{3}, nil},
		{[]int{2, 3}, []int{3, 2}, nil},
	}
	for _, tt := range tests {
		got, err := broadcast(tt.a, tt.b)
		if (err != nil) != (tt.want == nil) || tt.want != nil && !cmp.Equal(got, tt.want) {
			t.Errorf("%v with %v: %v, error %v, want %v", tt.a, tt.b, got, err, tt.want)
		}
	}
}

// TestChannelsFirst: shapes have the channels in front, weights are as ever.
func TestChannelsFirst(t *testing.T) {
	const image, line, first = "[null, 4, 9, 8]", "[null, 4, 9]", `, "data_format": "channels_first"`
	tests := []struct {
		shape, class, args string
		out, kernel        []int
	}{
		{image, "Conv2D", `"filters": 6, "kernel_size": [3, 2]`, []int{6, 7, 7}, []int{3, 2, 4, 6}},
		{line, "Conv1D", `"filters": 6, "kernel_size": 3`, []int{6, 7}, []int{3, 4, 6}},
		{image, "DepthwiseConv2D", `"kernel_size": 3, "depth_multiplier": 2`, []int{8, 7, 6}, []int{3, 3, 4, 2}},
		{image, "Conv2DTranspose", `"filters": 6, "kernel_size": 3, "strides": 2`, []int{6, 19, 17}, []int{3, 3, 6, 4}},
		{image, "MaxPooling2D", `"pool_size": [3, 2]`, []int{4, 3, 4}, nil},
		{image, "GlobalAveragePooling2D", `"keepdims": false`, []int{4}, nil},
		{image, "GlobalMaxPooling2D", `"keepdims": true`, []int{4, 1, 1}, nil},
		{image, "Flatten", `"trainable": true`, []int{288}, nil},
		{image, "ZeroPadding2D", `"padding": 0`, []int{4, 9, 8}, nil},
		{image, "UpSampling2D", `"size": [1, 2]`, []int{4, 9, 16}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.class, func(t *testing.T) {
			spec, err := Parse([]byte(chain(tt.shape, tt.class, tt.args+first)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, spec.OutputShapes()[0]); diff != "" {
				t.Error(diff)
			}
			if tt.kernel != nil {
				if diff := cmp.Diff(tt.kernel, spec.Weights[0].Shape); diff != "" {
					t.Error(diff)
				}
			}
			if c, ok := spec.Layers[1].Config.(*ChannelsFirst); !ok || c.Layer.Class() != tt.class {
				t.Errorf("config is %+v", spec.Layers[1].Config)
			}
		})
	}
}
