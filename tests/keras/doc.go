// Package keras holds no code: its tests compare beamfit with numbers that Keras computed (testdata; written by
// scripts/keras-fixtures). They cross the packages of model from the JSON of an architecture to trained weights.
package keras
