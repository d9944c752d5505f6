package cpu

import (
	"reflect"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/plan"
)

// lossKernels are what the device knows about a form of a loss.
type lossKernels struct {
	form reflect.Type
	rows func(f loss.Form, a graph.LossAttr, o operands) call
	grad func(f loss.Form, a graph.LossAttr, o operands) call
}

// ofForm are the kernels of the form F.
func ofForm[F loss.Form](
	rows func(f F, rows, n int, p, y, losses []float32), grad func(f F, rows, n int, p, y, scale, dp []float32),
) lossKernels {
	return lossKernels{
		form: reflect.TypeFor[F](),
		rows: func(form loss.Form, a graph.LossAttr, o operands) call {
			f, p, y := form.(F), o.in[0], o.in[1]
			return func(*plan.Step) { rows(f, a.Rows, a.N, p, y, o.out) }
		},
		grad: func(form loss.Form, a graph.LossAttr, o operands) call {
			f, p, y, scale := form.(F), o.in[0], o.in[1], o.in[2]
			return func(*plan.Step) { grad(f, a.Rows, a.N, p, y, scale, o.out) }
		},
	}
}

func lossRows(a graph.LossAttr, o operands) call { return losses[a.Form.Kind()].rows(a.Form, a, o) }

func lossGrad(a graph.LossAttr, o operands) call { return losses[a.Form.Kind()].grad(a.Form, a, o) }
