package kernels

import (
	"fmt"
	"strings"
)

// A Math is how products of matrices and convolutions are computed; everything else is float32 in each.
type Math string

// The maths. A GPU needs tensor cores for TF32: compute capability 8.0.
const (
	// Float32 is the default, also as "": one fused multiplication and addition per product.
	Float32 Math = "float32"
	// TF32x3 multiplies on tensor cores numbers of two parts of TF32 each, by three products: about as exact as float32.
	TF32x3 Math = "tf32x3"
	// TF32 rounds operands to TF32, which has 10 bits of fraction, and multiplies on tensor cores once.
	TF32 Math = "tf32"
)

// Maths are all of them, the default first.
func Maths() []string { return []string{string(Float32), string(TF32x3), string(TF32)} }

// ParseMath is the math of a name; "" is the default.
func ParseMath(name string) (Math, error) {
	switch m := Math(name); m {
	case "", Float32:
		return Float32, nil
	case TF32x3, TF32:
		return m, nil
	}
	return "", fmt.Errorf("expected %s, found %q", strings.Join(Maths(), ", "), name)
}

// Tensor says whether products are computed on tensor cores.
func (m Math) Tensor() bool { return m == TF32x3 || m == TF32 }

// kernel is the form of a kernel for m: that of tensor.cu where there is one.
func (m Math) kernel(name string) string {
	if m.Tensor() {
		if form := name + "_" + string(m); InTensorPTX(form) {
			return form
		}
	}
	return name
}
