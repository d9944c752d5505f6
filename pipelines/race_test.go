//go:build race

package pipelines

func init() { raceDetector = true }
