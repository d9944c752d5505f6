package initializer

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// A drawer fills one array. shape is the array's, for initializers whose spread depends on it.
type drawer func(i keras.Initializer, shape []int, r *rand.Rand, out []float32)

// drawers has a row for each class that keras.Initializer.Class can have.
var drawers = map[string]drawer{
	"Zeros":           drawZeros,
	"Ones":            drawOnes,
	"Constant":        drawConstant,
	"RandomNormal":    drawRandomNormal,
	"TruncatedNormal": drawTruncatedNormal,
	"RandomUniform":   drawRandomUniform,
	"VarianceScaling": drawVarianceScaling,
	"Identity":        drawIdentity,
	"Orthogonal":      drawOrthogonal,
	"STFT":            drawSTFT,
}

// Fill draws the flat weight vector of a model. It takes 4*spec.NumWeights bytes.
func Fill(spec *keras.Spec, seed uint64) []float32 {
	all := make([]float32, spec.NumWeights)
	for i, w := range spec.Weights {
		draw, ok := drawers[w.Initializer.Class]
		if !ok {
			panic(fmt.Sprintf("initializer: class %q has passed model/keras but is not known here", w.Initializer.Class))
		}
		r := stream(byRun, seed, uint64(i))
		if own := w.Initializer.Seed; own != nil {
			r = stream(byInitializer, uint64(*own), 0)
		}
		array := all[w.Offset : w.Offset+w.Size()]
		draw(w.Initializer, w.Shape, r, array)
		if units := w.Initializer.UnitForget; units > 0 {
			drawOnes(w.Initializer, w.Shape, r, array[units:2*units])
		}
	}
	return all
}

// Families of streams, which never share one.
const (
	byRun         = iota + 1 // of the run's seed and an array's index
	byInitializer            // of an initializer's own seed
)

// stream is the generator for three numbers. Different numbers give independent streams.
func stream(family, seed, index uint64) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], family)
	binary.LittleEndian.PutUint64(key[8:], seed)
	binary.LittleEndian.PutUint64(key[16:], index)
	return rand.New(rand.NewChaCha8(key))
}
