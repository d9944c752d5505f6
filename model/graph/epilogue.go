package graph

import (
	"fmt"

	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// An Epilogue is what joins a dense layer or a convolution: an activation, then a dropout. The zero value is nothing.
type Epilogue struct {
	Act  kernels.Activation
	Drop DropoutAttr // Rate 0: none
}

// String is the activation, with the dropout's share and stream where there is one.
func (e Epilogue) String() string {
	if e.Drop.Rate == 0 {
		return e.Act.String()
	}
	return fmt.Sprintf("%v, dropout%+v", e.Act, e.Drop)
}

// A layerWith makes the node of a layer with an epilogue.
type layerWith func(Epilogue) *gorgonia.Node

// An openLayer is a layer that another one may still join, and what it has already.
type openLayer struct {
	has   Epilogue
	mixed bool
	layer layerWith
}

// before is the open layer that makes the only input of a call, where nothing else reads that.
func (b *builder) before(c *call) (openLayer, bool) {
	o, ok := b.joinable[c.in[0]]
	return o, ok && c.sole && o.mixed == b.mixed
}

// takesDropout says whether a dropout may join: the gradient of the activation must not need the values before it.
func (e Epilogue) takesDropout() bool {
	return e.Drop.Rate == 0 && (e.Act == kernels.Linear || e.Act == kernels.ReLU)
}

// epilogueGrad is the gradient of a layer's sums, from the layer's output y and the gradient of that, and the gradient of its
// bias, nil without one.
func (b *builder) epilogueGrad(e Epilogue, y, dy, bias *gorgonia.Node) (dz, db *gorgonia.Node) {
	y = b.kept(y)
	rows, n := rowsOf(y.Shape())
	size := RowsAttr{rows, n}
	if e.Act != kernels.Linear && bias != nil {
		dz = b.apply(Op{
			Code: CodeActivationBiasGrad, Attr: ActivationBiasGradAttr{size, e.Act, e.Drop.Rate}, Out: y.Shape(), InPlace: 1,
			Side: []int{n},
		}, y, dy)
		return dz, b.side(dz, 0)
	}
	switch {
	case e.Drop.Rate == 0:
		dz = b.activationGrad(e.Act, y, dy)
	case e.Act == kernels.Linear:
		dz = b.drop(CodeDropout, e.Drop, dy)
	default:
		dz = b.reluDropoutGrad(e.Drop.Rate, y, dy)
	}
	if bias != nil {
		db = b.apply(Op{Code: CodeBiasGrad, Attr: size, Out: bias.Shape(), InPlace: -1}, dz)
	}
	return dz, db
}
