package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// shapeModels put layers without weights that pool, frame, repeat or reorder between two with weights.
func shapeModels() []testModel {
	image := func(layers ...string) string {
		all := append([]string{`Reshape {"target_shape":[5,6,2]}`, `Conv2D {"filters":3,"kernel_size":[1,1],"activation":"tanh"}`}, layers...)
		return sequential(60, append(all, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`)...)
	}
	line := func(layers ...string) string {
		all := append([]string{`Reshape {"target_shape":[7,2]}`, `Dense {"units":3,"activation":"tanh"}`}, layers...)
		return sequential(14, append(all, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`)...)
	}
	return []testModel{
		{"average pool", image(`AveragePooling2D {"pool_size":[2,3]}`), []string{cce}},
		{"average pool same", image(`AveragePooling2D {"pool_size":3,"strides":[1,2],"padding":"same"}`), []string{cce}},
		{"global average", image(`GlobalAveragePooling2D {}`), []string{cce}},
		{"global max", image(`GlobalMaxPooling2D {"keepdims":true}`), []string{cce}},
		{"pool lines", line(`AveragePooling1D {"pool_size":[2],"strides":1}`, `MaxPooling1D {"pool_size":2,"padding":"same"}`), []string{cce}},
		{"global average of lines", line(`GlobalAveragePooling1D {}`), []string{cce}},
		{"global max of lines", line(`GlobalMaxPooling1D {"keepdims":true}`), []string{cce}},
		{"pad", image(`ZeroPadding2D {"padding":[[1,0],[2,3]]}`, `Conv2D {"filters":2,"kernel_size":2}`), []string{cce}},
		{"crop", image(`Cropping2D {"cropping":[[1,0],[2,1]]}`), []string{cce}},
		{"pad and crop lines", line(`ZeroPadding1D {"padding":[0,2]}`, `Cropping1D {"cropping":[2,1]}`), []string{cce}},
		{"repeat pixels", image(`UpSampling2D {"size":[2,3]}`, `Conv2D {"filters":2,"kernel_size":2}`), []string{cce}},
		{"repeat lines", line(`UpSampling1D {"size":3}`, `Permute {"dims":[2,1]}`, `Dense {"units":2}`), []string{cce}},
		{"repeat vectors", sequential(4, `Dense {"units":3,"activation":"tanh"}`, `RepeatVector {"n":3}`, `Flatten {}`,
			`Dense {"units":3,"activation":"softmax"}`), []string{cce}},
	}
}

func avgPoolReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.Pool2DShape)
	var out []float64
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for c := range s.C {
					var sum, count float64
					for kh := range s.KH {
						for kw := range s.KW {
							h, w := oh*s.SH+kh-s.PadTop, ow*s.SW+kw-s.PadLeft
							if h >= 0 && h < s.H && w >= 0 && w < s.W {
								sum += in[0][((n*s.H+h)*s.W+w)*s.C+c]
								count++
							}
						}
					}
					out = append(out, sum/count)
				}
			}
		}
	}
	return out
}

func frameReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.FrameShape)
	var out []float64
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for c := range s.C {
					h, w, v := oh-s.Top, ow-s.Left, 0.0
					if h >= 0 && h < s.H && w >= 0 && w < s.W {
						v = in[0][((n*s.H+h)*s.W+w)*s.C+c]
					}
					out = append(out, v)
				}
			}
		}
	}
	return out
}
