//go:build race

package jobtest

func init() { raceDetector = true }
