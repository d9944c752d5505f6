//go:build !unix

package main

import "errors"

// replaceProcess is an error: this system cannot.
func replaceProcess(string, []string) error {
	return errors.New("this system cannot go on as another program: call it in the place of beamfit")
}
