// Package iotest is the conformance suite of table.Store: what every store must do, written once.
//
// A store's own test calls Run with a function that makes an empty place:
//
//	func TestConformance(t *testing.T) {
//		iotest.Run(t, func(t *testing.T) iotest.Site {
//			return iotest.Site{URL: "file:" + t.TempDir()}
//		})
//	}
//
// The suite opens the place through table.Open, often twice, since what one process writes another one reads. It checks
// values of every kind and array type, float32 conversion, names, partitions, snapshot isolation, outputs (all or nothing,
// retried parts, order, replacement), mutations, claims, cancellation, and a writer that is killed. For the last one the test
// binary starts itself again, so Run must be called from a top-level test, with the same arguments each time.
package iotest
