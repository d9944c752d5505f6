package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// rowsReference computes row by row.
func rowsReference(f func(a graph.NormAttr, row []float64) []float64) reference {
	return func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		a := op.Attr.(graph.NormAttr)
		var out []float64
		for r := range a.Rows {
			out = append(out, f(a, in[0][r*a.N:(r+1)*a.N])...)
		}
		return out
	}
}

func standardiseReference(a graph.NormAttr, row []float64) []float64 {
	var mean, variance float64
	for _, v := range row {
		mean += v / float64(a.N)
	}
	for _, v := range row {
		variance += (v - mean) * (v - mean) / float64(a.N)
	}
	var out []float64
	for _, v := range row {
		out = append(out, (v-mean)/math.Sqrt(variance+a.Epsilon))
	}
	return out
}

func rmsReference(a graph.NormAttr, row []float64) []float64 {
	var squares float64
	for _, v := range row {
		squares += v * v / float64(a.N)
	}
	var out []float64
	for _, v := range row {
		out = append(out, v/math.Sqrt(squares+a.Epsilon))
	}
	return out
}

func knownNormReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.KnownNormAttr)
	mean, variance := float64s(a.Mean), float64s(a.Variance)
	if a.Mean == nil {
		mean, variance = in[1], in[2]
	}
	spread := &graph.Op{Attr: &a.BroadcastAttr, Out: op.Out}
	mean, variance = broadcastReference(spread, s, [][]float64{mean}), broadcastReference(spread, s, [][]float64{variance})
	out := make([]float64, len(in[0]))
	for i, v := range in[0] {
		if deviation := math.Sqrt(variance[i]); a.Invert {
			out[i] = mean[i] + v*deviation
		} else {
			out[i] = (v - mean[i]) / deviation
		}
	}
	return out
}

func unitReference(_ graph.NormAttr, row []float64) []float64 {
	var squares float64
	for _, v := range row {
		squares += v * v
	}
	var out []float64
	for _, v := range row {
		out = append(out, v/math.Sqrt(squares))
	}
	return out
}

func embeddingReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.EmbeddingAttr)
	var out []float64
	for _, v := range in[0] {
		out = append(out, in[1][int(v)*a.N:(int(v)+1)*a.N]...)
	}
	return out
}
