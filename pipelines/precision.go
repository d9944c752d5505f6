package pipelines

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
)

// CheckPrecision checks the name of a precision; "" is none. Its error is an *ArgumentError.
func CheckPrecision(name string) error {
	if name == "" {
		return nil
	}
	_, err := keras.ParsePrecision(name)
	return argument.Of(err)
}
