package metric

import (
	"fmt"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// cosineSimilarity is the cosine of the angle between a row's predictions and its labels: the loss of this name has the
// other sign.
//
// Arguments: axis -1.
//
// Source: keras/src/metrics/regression_metrics.py, cosine_similarity.
func cosineSimilarity(a *params.Args, _ int) *Metric {
	if axis := a.Int(-1, "axis"); axis != -1 && axis != 1 {
		a.Failf("argument axis must be -1, found %d", axis)
	}
	var negative loss.CosineSimilarity
	return rowMean(func(rows, n int, p, y, values []float32) {
		negative.Rows(rows, n, p, y, values)
		for r := range rows {
			values[r] = -values[r]
		}
	})
}

// logCoshError is the loss log_cosh under the metric's name.
//
// Source: keras/src/metrics/regression_metrics.py, LogCoshError.
func logCoshError(*params.Args, int) *Metric { return ofLoss(mustLoss("log_cosh")) }

// mustLoss is a loss without arguments.
func mustLoss(name string) *loss.Loss {
	l, ok := loss.ByName(name)
	if !ok {
		panic(fmt.Sprintf("metric: no loss %s", name))
	}
	return l
}
