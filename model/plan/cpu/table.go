package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
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
	graph.CodeActivationGradX:    {bind: activationGradX},
	graph.CodeAdd:                {bind: add},
	graph.CodeAvgPool2D:          {bind: avgPool2D},
	graph.CodeAvgPool2DGrad:      {bind: avgPool2DGrad},
	graph.CodeBatchNorm:          {bind: batchNorm},
	graph.CodeBatchNormGrad:      {bind: batchNormGrad},
	graph.CodeBatchNormInfer:     {bind: batchNormInfer, scratch: batchNormScratch},
	graph.CodeBatchNormInferGrad: {bind: batchNormInferGrad, scratch: batchNormScratch},
	graph.CodeBiasGrad:           {bind: biasGrad},
	graph.CodeBroadcast:          {bind: broadcast},
	graph.CodeBroadcastGrad:      {bind: broadcastGrad},
	graph.CodeConcat:             {bind: concat},
	graph.CodeConcatGrad:         {bind: concatGrad},
	graph.CodeConv2D:             {bind: conv2D, scratch: conv2DScratch},
	graph.CodeConv2DInputGrad:    {bind: conv2DInputGrad, scratch: conv2DInputGradScratch},
	graph.CodeConv2DKernelGrad:   {bind: conv2DKernelGrad, scratch: conv2DKernelGradScratch},
	graph.CodeDense:              {bind: dense, scratch: denseScratch},
	graph.CodeDenseInputGrad:     {bind: denseInputGrad, scratch: denseInputGradScratch},
	graph.CodeDenseKernelGrad:    {bind: denseKernelGrad, scratch: denseKernelGradScratch},
	graph.CodeDropout:            {bind: dropout},
	graph.CodeDropoutBroadcast:   {bind: dropoutBroadcast, scratch: dropoutBroadcastScratch},
	graph.CodeELU:                {bind: elu},
	graph.CodeELUGrad:            {bind: eluGrad},
	graph.CodeEmbedding:          {bind: embedding},
	graph.CodeEmbeddingGrad:      {bind: embeddingGrad},
	graph.CodeExtremum:           {bind: extremum},
	graph.CodeExtremumGrad:       {bind: extremumGrad},
	graph.CodeFrame:              {bind: frame},
	graph.CodeFunction:           {bind: function},
	graph.CodeFunctionGrad:       {bind: functionGrad},
	graph.CodeLogSoftmax:         {bind: ofRows(kernels.LogSoftmax)},
	graph.CodeLogSoftmaxGrad:     {bind: ofRowsGrad(kernels.LogSoftmaxGrad)},
	graph.CodeLoss:               {bind: lossRows},
	graph.CodeLossGrad:           {bind: lossGrad},
	graph.CodeMaxPool2D:          {bind: maxPool2D},
	graph.CodeMaxPool2DGrad:      {bind: maxPool2DGrad},
	graph.CodeMoving:             {bind: moving},
	graph.CodeMultiply:           {bind: multiply},
	graph.CodeNoiseAdd:           {bind: noiseAdd},
	graph.CodeNoiseMultiply:      {bind: noiseMultiply},
	graph.CodePenalty:            {bind: penalty},
	graph.CodePenaltyGrad:        {bind: penaltyGrad},
	graph.CodePermute:            {bind: permute},
	graph.CodeRamp:               {bind: ramp},
	graph.CodeRampGrad:           {bind: rampGrad},
	graph.CodeScale:              {bind: scale},
	graph.CodeSoftmax:            {bind: ofRows(kernels.Softmax)},
	graph.CodeSoftmaxGrad:        {bind: ofRowsGrad(kernels.SoftmaxGrad)},
	graph.CodeStandardise:        {bind: standardise},
	graph.CodeStandardiseGrad:    {bind: standardiseGrad},
	graph.CodeUnit:               {bind: unit},
	graph.CodeUnitGrad:           {bind: unitGrad},
	graph.CodeWeightPenaltyGrad:  {bind: weightPenaltyGrad},
	plan.CodeClip:                {bind: clip},
	plan.CodeCopy:                {bind: copyArray},
	plan.CodeUpdate:              {bind: update},
}
