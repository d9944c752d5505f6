package kernels

import (
	"reflect"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
)

// lossRows are losses and their gradients: loss.cu.
var lossRows = map[string]row{
	graph.CodeLoss:     where(withScratch(lossOfRows, lossScratch), knownLoss),
	graph.CodeLossGrad: where(withScratch(lossGrad, lossScratch), knownLoss),
}

// A lossForm is how a form of a loss is computed: launches of the losses of rows, and of the gradient. scratch is in float32.
type lossForm struct {
	form       reflect.Type
	rows, grad func(f loss.Form, a graph.LossAttr, o operands) []Launch
	scratch    func(rows int) int // nil: none
}

// forms are the forms that have kernels, by their kinds.
var forms = map[string]lossForm{
	"binary_crossentropy": elementLoss(func(l loss.BinaryCrossentropy) elementForm {
		return elementForm{kind: pick(l.Logits, binaryLogits, binaryOutput), smoothing: float64(l.Smoothing)}
	}),
	"binary_focal_crossentropy":             binaryFocal(),
	"categorical_crossentropy":              rowLoss(categorical),
	"categorical_focal_crossentropy":        rowLoss(categoricalFocal),
	"categorical_generalized_cross_entropy": rowLoss(generalized),
	"categorical_hinge":                     rowLoss(plain[loss.CategoricalHinge]("loss_categorical_hinge")),
	"circle":                                circle(),
	"cosine_similarity":                     rowLoss(plain[loss.CosineSimilarity]("loss_cosine")),
	"dice":                                  ratioLoss(func(l loss.Dice) ratioForm { return ratioForm{batch: l.Batch} }),
	"hinge":                                 elementLoss(func(loss.Hinge) elementForm { return elementForm{kind: hinge} }),
	"huber":                                 elementLoss(func(l loss.Huber) elementForm { return elementForm{kind: huber, gamma: l.Delta} }),
	"kl_divergence":                         rowLoss(plain[loss.KLDivergence]("loss_kl")),
	"log_cosh":                              elementLoss(func(loss.LogCosh) elementForm { return elementForm{kind: logCosh} }),
	"mean_absolute_error":                   elementLoss(func(loss.MeanAbsoluteError) elementForm { return elementForm{kind: absoluteError} }),
	"mean_absolute_percentage_error":        elementLoss(func(loss.MeanAbsolutePercentageError) elementForm { return elementForm{kind: percentage} }),
	"mean_squared_error":                    elementLoss(func(loss.MeanSquaredError) elementForm { return elementForm{kind: squared} }),
	"mean_squared_logarithmic_error":        elementLoss(func(loss.MeanSquaredLogarithmicError) elementForm { return elementForm{kind: squaredLog} }),
	"poisson":                               elementLoss(func(loss.Poisson) elementForm { return elementForm{kind: poisson} }),
	"sparse_categorical_crossentropy":       rowLoss(sparse),
	"squared_hinge":                         elementLoss(func(loss.SquaredHinge) elementForm { return elementForm{kind: squaredHinge} }),
	"tversky": ratioLoss(func(l loss.Tversky) ratioForm {
		return ratioForm{batch: l.Batch, tversky: true, alpha: l.Alpha, beta: l.Beta}
	}),
}

// knownLoss says whether the form has kernels.
func knownLoss(a graph.LossAttr) bool {
	return a.Form != nil && forms[a.Form.Kind()].form == reflect.TypeOf(a.Form)
}

func lossScratch(a graph.LossAttr) int {
	if f := forms[a.Form.Kind()]; f.scratch != nil {
		return f.scratch(a.Rows)
	}
	return 0
}

func lossOfRows(a graph.LossAttr, o operands) []Launch {
	return forms[a.Form.Kind()].rows(a.Form, a, o)
}

func lossGrad(a graph.LossAttr, o operands) []Launch { return forms[a.Form.Kind()].grad(a.Form, a, o) }

func pick[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// The numbers of enum element_kind of loss.cu.
const (
	binaryOutput = iota
	binaryLogits
	focalOutput
	focalLogits
	huber
	logCosh
	absoluteError
	percentage
	squared
	squaredLog
	poisson
	hinge
	squaredHinge
)

// An elementForm is a loss that is the mean over the elements of a row, with its parameters.
type elementForm struct {
	kind                    int
	alpha, gamma, smoothing float64
	balanced                bool
}

func (e elementForm) args(o operands) []any {
	return []any{e.kind, e.alpha, e.gamma, e.smoothing, e.balanced, o.in[0], o.in[1]}
}

func elementLoss[F loss.Form](of func(F) elementForm) lossForm {
	return lossForm{
		form: reflect.TypeFor[F](),
		rows: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			return byRow("loss_elements", a.Rows, a.N, append(of(f.(F)).args(o), o.out)...)
		},
		grad: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			return byRow("loss_elements_grad", a.Rows, a.N, append(of(f.(F)).args(o), o.in[2], o.out)...)
		},
	}
}

// binaryFocal is of elements, but from the logits of a softmax.
func binaryFocal() lossForm {
	elements := elementLoss(func(l loss.BinaryFocalCrossentropy) elementForm {
		return elementForm{pick(l.Logits, focalLogits, focalOutput), l.Alpha, l.Gamma, float64(l.Smoothing), l.Balanced}
	})
	softmax := rowLoss(func(l loss.BinaryFocalCrossentropy) (string, []any) {
		return "loss_binary_focal_softmax", []any{l.Alpha, l.Gamma, float64(l.Smoothing), l.Balanced}
	})
	of := func(f loss.Form) lossForm { return pick(f.(loss.BinaryFocalCrossentropy).Softmax, softmax, elements) }
	return lossForm{
		form: elements.form,
		rows: func(f loss.Form, a graph.LossAttr, o operands) []Launch { return of(f).rows(f, a, o) },
		grad: func(f loss.Form, a graph.LossAttr, o operands) []Launch { return of(f).grad(f, a, o) },
	}
}

// rowLoss is a loss with a kernel for rows, and one for the gradient whose name ends in _grad; of are the name and the parameters.
func rowLoss[F loss.Form](of func(F) (name string, args []any)) lossForm {
	return lossForm{
		form: reflect.TypeFor[F](),
		rows: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			name, args := of(f.(F))
			return byRow(name, a.Rows, a.N, append(args, o.in[0], o.in[1], o.out)...)
		},
		grad: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			name, args := of(f.(F))
			return byRow(name+"_grad", a.Rows, a.N, append(args, o.in[0], o.in[1], o.in[2], o.out)...)
		},
	}
}

// plain is a loss without parameters.
func plain[F loss.Form](name string) func(F) (string, []any) {
	return func(F) (string, []any) { return name, nil }
}

func categorical(l loss.CategoricalCrossentropy) (string, []any) {
	if l.Logits {
		return "loss_softmax", []any{float64(l.Smoothing), false, 0}
	}
	return "loss_categorical", []any{float64(l.Smoothing)}
}

func sparse(l loss.SparseCategoricalCrossentropy) (string, []any) {
	if l.Logits {
		return "loss_softmax", []any{0.0, l.Ignore.On, l.Ignore.Class}
	}
	return "loss_sparse", []any{l.Ignore.On, l.Ignore.Class}
}

func categoricalFocal(l loss.CategoricalFocalCrossentropy) (string, []any) {
	return "loss_focal", []any{l.Logits, l.Alpha, l.Gamma, float64(l.Smoothing)}
}

func generalized(l loss.CategoricalGeneralizedCrossEntropy) (string, []any) {
	return "loss_generalized", []any{l.Q}
}

// A ratioForm is 1 less a ratio of sums over a row, or over the batch.
type ratioForm struct {
	batch, tversky bool
	alpha, beta    float64
}

func ratioLoss[F loss.Form](of func(F) ratioForm) lossForm {
	launch := func(name string, f loss.Form, a graph.LossAttr, o operands) []Launch {
		r := of(f.(F))
		together := pick(r.batch, a.Rows, 1)
		args := []any{together, a.N, r.tversky, r.alpha, r.beta}
		for _, in := range o.in {
			args = append(args, in)
		}
		return []Launch{kernel(name, grid(a.Rows/together), 256, append(args, o.out)...)}
	}
	return lossForm{
		form: reflect.TypeFor[F](),
		rows: func(f loss.Form, a graph.LossAttr, o operands) []Launch { return launch("loss_ratio", f, a, o) },
		grad: func(f loss.Form, a graph.LossAttr, o operands) []Launch { return launch("loss_ratio_grad", f, a, o) },
	}
}

// circle looks at all pairs of rows. Its scratch has two numbers of double precision for each row, one for each pair, and the losses.
func circle() lossForm {
	sums := func(l loss.Circle, a graph.LossAttr, o operands, losses place) []Launch {
		same, others := o.scratch, o.scratch.at(2*a.Rows)
		return byRow("loss_circle_sums", a.Rows, a.N, l.Gamma, l.Margin, l.Diagonal, o.in[0], o.in[1], same, others, losses)
	}
	return lossForm{
		form:    reflect.TypeFor[loss.Circle](),
		scratch: func(rows int) int { return 4*rows + 2*rows*rows + rows },
		rows: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			return append(sums(f.(loss.Circle), a, o, o.out), kernel("loss_circle_mean", grid(1), 256, a.Rows, o.out))
		},
		grad: func(f loss.Form, a graph.LossAttr, o operands) []Launch {
			l := f.(loss.Circle)
			passed := o.scratch.at(4 * a.Rows)
			losses := passed.at(2 * a.Rows * a.Rows)
			return append(sums(l, a, o, losses),
				kernel("loss_circle_pairs", flat(a.Rows*a.Rows), 256, a.Rows, a.N, l.Gamma, l.Margin, l.Diagonal, o.in[0], o.in[1], o.in[2],
					o.scratch, o.scratch.at(2*a.Rows), losses, passed),
				kernel("loss_circle_grad", grid(a.Rows), 256, a.Rows, a.N, o.in[0], losses, passed, o.out))
		},
	}
}
