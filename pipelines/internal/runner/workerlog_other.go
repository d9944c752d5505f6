//go:build !unix

package runner

// redirectLog leaves standard error where it is.
func redirectLog() error { return nil }
