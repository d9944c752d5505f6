package flagvalue

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// Into is a flag that sets the value of a name in dst.
func Into(dst map[string]string, name string) pflag.Value {
	return &value{set: func(text string) error {
		dst[name] = text
		return nil
	}}
}

// Pair is a flag that may be given several times, as NAME=VALUE, and sets the value of the name in dst.
func Pair(dst map[string]string) pflag.Value {
	return &value{set: func(text string) error {
		name, v, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return errors.New("expected NAME=VALUE")
		}
		dst[name] = v
		return nil
	}}
}
