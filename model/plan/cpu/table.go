package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// operands are the arrays of one instruction. out may be one of in where the operation allows it.
type operands struct {
	in      [][]float32
	out     []float32
	side    [][]float32
	scratch []float32
}

// A row is what the device knows about an opcode.
type row struct {
	bind    func(attr any, o operands) call
	scratch func(attr any) int // nil: none
}

// table is every opcode: a new one is a function in the file of its family and a row here.
var table = map[string]row{
	graph.CodeActivation:         {bind: activation},
	graph.CodeActivationGrad:     {bind: activationGrad},
	graph.CodeAdd:                {bind: add},
	graph.CodeBatchNorm:          {bind: batchNorm},
	graph.CodeBatchNormGrad:      {bind: batchNormGrad},
	graph.CodeBatchNormInfer:     {bind: batchNormInfer, scratch: batchNormScratch},
	graph.CodeBatchNormInferGrad: {bind: batchNormInferGrad, scratch: batchNormScratch},
	graph.CodeBiasGrad:           {bind: biasGrad},
	graph.CodeConv2D:             {bind: conv2D, scratch: conv2DScratch},
	graph.CodeConv2DInputGrad:    {bind: conv2DInputGrad, scratch: conv2DInputGradScratch},
	graph.CodeConv2DKernelGrad:   {bind: conv2DKernelGrad, scratch: conv2DKernelGradScratch},
	graph.CodeDense:              {bind: dense, scratch: denseScratch},
	graph.CodeDenseInputGrad:     {bind: denseInputGrad, scratch: denseInputGradScratch},
	graph.CodeDenseKernelGrad:    {bind: denseKernelGrad, scratch: denseKernelGradScratch},
	graph.CodeDropout:            {bind: dropout},
	graph.CodeDropoutBroadcast:   {bind: dropoutBroadcast, scratch: dropoutBroadcastScratch},
	graph.CodeLoss:               {bind: lossRows},
	graph.CodeLossGrad:           {bind: lossGrad},
	graph.CodeMaxPool2D:          {bind: maxPool2D},
	graph.CodeMaxPool2DGrad:      {bind: maxPool2DGrad},
	graph.CodeMoving:             {bind: moving},
	graph.CodePermute:            {bind: permute},
	graph.CodeSoftmax:            {bind: softmax},
	graph.CodeSoftmaxGrad:        {bind: softmaxGrad},
	plan.CodeCopy:                {bind: copyArray},
	plan.CodeUpdate:              {bind: update},
}
