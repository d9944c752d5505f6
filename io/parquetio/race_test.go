//go:build race

package parquetio

func init() { raceDetector = true }
