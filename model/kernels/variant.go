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

// active is the variant that runs, and refused why it is not the one that VariantEnv names. Only Use and tests change them after initialisation.
var active, refused = initial(os.Getenv(VariantEnv), available())

// initial is the variant that a process begins with: the one called name, or else the best one and the reason.
func initial(name string, available []variant) (variant, error) {
	v, err := choose(name, available)
	if err != nil {
		return available[len(available)-1], fmt.Errorf("%s: %w", VariantEnv, err)
	}
	return v, nil
}

// EnvError is what is wrong with VariantEnv; nil where nothing is, and once Use has made a choice that goes before it. Whoever is about to compute must
// not go on with it: the variant in use is none that anybody has asked for.
func EnvError() error { return refused }

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
	active, refused = v, nil
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
