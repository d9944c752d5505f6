package kernels

import (
	"fmt"
	"os"
)

// A variant is one implementation of the kernels.
type variant uint8

const (
	variantGo     variant = iota // the Go loops
	variantAVX2                  // AVX2 and FMA, 8 lanes
	variantAVX512                // AVX-512 F, BW, DQ and VL, 16 lanes
)

var variantNames = [...]string{variantGo: "go", variantAVX2: "avx2", variantAVX512: "avx512"}

func (v variant) String() string { return variantNames[v] }

// VariantEnv is the environment variable that forces a variant.
const VariantEnv = "BEAMFIT_KERNELS"

// active is the variant that runs. Only Use and tests change it after initialisation.
var active = mustChoose(os.Getenv(VariantEnv), available())

// Variant names the variant in use: go, avx2 or avx512.
func Variant() string { return active.String() }

// Variants names all variants, whether this build and CPU have them or not.
func Variants() []string { return variantNames[:] }

// Use makes a variant the one in use. It is for the start of a process, before anything is planned or computed, and goes before VariantEnv.
func Use(name string) error {
	v, err := choose(name, available())
	if err != nil {
		return err
	}
	active = v
	return nil
}

// choose returns the variant called name, or the best of the available ones (ordered from worst to best) for "".
func choose(name string, available []variant) (variant, error) {
	if name == "" {
		return available[len(available)-1], nil
	}
	for _, v := range available {
		if v.String() == name {
			return v, nil
		}
	}
	return 0, fmt.Errorf("kernels %q: this build and CPU have %v", name, available)
}

func mustChoose(name string, available []variant) variant {
	v, err := choose(name, available)
	if err != nil {
		panic(fmt.Errorf("%s: %w", VariantEnv, err))
	}
	return v
}
