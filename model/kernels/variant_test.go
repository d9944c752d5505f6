package kernels

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestChooseVariant(t *testing.T) {
	all := []variant{variantGo, variantAVX2, variantAVX512}
	for _, c := range []struct {
		name      string
		available []variant
		want      variant
		ok        bool
	}{
		{"", all, variantAVX512, true},
		{"", all[:2], variantAVX2, true},
		{"", all[:1], variantGo, true},
		{"go", all, variantGo, true},
		{"avx2", all, variantAVX2, true},
		{"avx512", all, variantAVX512, true},
		{"avx512", all[:2], 0, false},
		{"AVX2", all, 0, false},
		{"sse", all, 0, false},
	} {
		got, err := choose(c.name, c.available)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("choose(%q, %v) = %v, %v", c.name, c.available, got, err)
		}
	}
	if v, err := initial("sse", all[:2]); v != variantAVX2 || err == nil || !strings.HasPrefix(err.Error(), VariantEnv+": ") {
		t.Errorf("an unknown variant in the environment: %v, %v", v, err)
	}
	if v, err := initial("go", all); v != variantGo || err != nil {
		t.Errorf("a variant in the environment: %v, %v", v, err)
	}
}

func TestUse(t *testing.T) {
	defer func(v variant, err error) { active, refused = v, err }(active, refused)
	for _, v := range available() {
		if err := Use(v.String()); err != nil || Variant() != v.String() {
			t.Errorf("Use(%v): %v, and %s is active", v, err, Variant())
		}
	}
	before := active
	refused = errors.New("wrong")
	if err := Use("sse"); err == nil || active != before || EnvError() != refused {
		t.Errorf("an unknown variant: %v, and %v is active", err, active)
	}
	if err := Use("go"); err != nil || EnvError() != nil {
		t.Errorf("a choice does not go before the environment: %v, %v", err, EnvError())
	}
	for _, v := range available() {
		if !slices.Contains(Variants(), v.String()) {
			t.Errorf("%v is not among %v", v, Variants())
		}
	}
}

// TestActiveVariant: the tests themselves run in what the environment asks for.
func TestActiveVariant(t *testing.T) {
	if name := os.Getenv(VariantEnv); name != "" && Variant() != name {
		t.Errorf("%s=%s, but %s is active", VariantEnv, name, Variant())
	}
	if !slices.Contains(available(), active) {
		t.Errorf("active variant %v is not among %v", active, available())
	}
}
