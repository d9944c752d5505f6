package pipelines

import "github.com/beamfit/beamfit/model/keras"

// CheckPrecision checks the name of a precision; "" is none.
func CheckPrecision(name string) error {
	if name == "" {
		return nil
	}
	_, err := keras.ParsePrecision(name)
	return err
}
