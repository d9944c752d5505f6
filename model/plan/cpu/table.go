package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// operands are the arrays of one instruction. out and side may be among in where the operation allows it.
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
	graph.CodeActivation:          {bind: activation},
	graph.CodeActivationBiasGrad:  {bind: activationBiasGrad},
	graph.CodeActivationGrad:      {bind: activationGrad},
	graph.CodeActivationGradX:     {bind: activationGradX},
	graph.CodeAdd:                 {bind: add},
	graph.CodeAvgPool2D:           {bind: avgPool2D},
	graph.CodeAvgPool2DGrad:       {bind: avgPool2DGrad},
	graph.CodeBatchNorm:           {bind: batchNorm},
	graph.CodeBatchNormGrad:       {bind: batchNormGrad},
	graph.CodeBatchNormGradSums:   {bind: batchNormGradSums},
	graph.CodeBatchNormInfer:      {bind: batchNormInfer, scratch: batchNormScratch},
	graph.CodeBatchNormInferGrad:  {bind: batchNormInferGrad, scratch: batchNormScratch},
	graph.CodeBatchNormSums:       {bind: batchNormSums},
	graph.CodeBiasGrad:            {bind: biasGrad},
	graph.CodeBroadcast:           {bind: broadcast},
	graph.CodeBroadcastGrad:       {bind: broadcastGrad},
	graph.CodeCausalSoftmax:       {bind: causalSoftmax},
	graph.CodeConcat:              {bind: concat},
	graph.CodeConcatGrad:          {bind: concatGrad},
	graph.CodeConv2D:              {bind: conv2D, scratch: conv2DScratch},
	graph.CodeConv2DInputGrad:     {bind: conv2DInputGrad, scratch: conv2DInputGradScratch},
	graph.CodeConv2DKernelGrad:    {bind: conv2DKernelGrad, scratch: conv2DKernelGradScratch},
	graph.CodeCTC:                 {bind: ctc, scratch: ctcScratch},
	graph.CodeCTCGrad:             {bind: ctcGrad, scratch: ctcGradScratch},
	graph.CodeDense:               {bind: dense, scratch: denseScratch},
	graph.CodeDenseInputGrad:      {bind: denseInputGrad, scratch: denseInputGradScratch},
	graph.CodeDenseKernelGrad:     {bind: denseKernelGrad, scratch: denseKernelGradScratch},
	graph.CodeDropout:             {bind: dropout},
	graph.CodeDropoutBroadcast:    {bind: dropoutBroadcast, scratch: dropoutBroadcastScratch},
	graph.CodeELU:                 {bind: elu},
	graph.CodeELUGrad:             {bind: eluGrad},
	graph.CodeEmbedding:           {bind: embedding},
	graph.CodeEmbeddingGrad:       {bind: embeddingGrad},
	graph.CodeExtremum:            {bind: extremum},
	graph.CodeExtremumGrad:        {bind: extremumGrad},
	graph.CodeFill:                {bind: fill},
	graph.CodeFrame:               {bind: frame},
	graph.CodeFunction:            {bind: function},
	graph.CodeFunctionGrad:        {bind: functionGrad},
	graph.CodeGLU:                 {bind: ofRows(kernels.GLU)},
	graph.CodeGLUGrad:             {bind: ofRowsGrad(kernels.GLUGrad)},
	graph.CodeKnownNorm:           {bind: knownNorm, scratch: knownNormScratch},
	graph.CodeKnownNormGrad:       {bind: knownNormGrad, scratch: knownNormScratch},
	graph.CodeLogSoftmax:          {bind: ofRows(kernels.LogSoftmax)},
	graph.CodeLogSoftmaxGrad:      {bind: ofRowsGrad(kernels.LogSoftmaxGrad)},
	graph.CodeLoss:                {bind: lossRows},
	graph.CodeLossGrad:            {bind: lossGrad},
	graph.CodeMaskedSoftmax:       {bind: maskedSoftmax},
	graph.CodeMaskedSoftmaxGrad:   {bind: maskedSoftmaxGrad},
	graph.CodeMatMul:              {bind: matMul, scratch: matMulScratch},
	graph.CodeMask:                {bind: mask},
	graph.CodeMaskRows:            {bind: maskRows},
	graph.CodeMaskedMean:          {bind: maskedMean},
	graph.CodeMaskedMeanGrad:      {bind: maskedMeanGrad},
	graph.CodeMaxPool2D:           {bind: maxPool2D},
	graph.CodeMaxPool2DGrad:       {bind: maxPool2DGrad},
	graph.CodeMoving:              {bind: moving},
	graph.CodeMultiply:            {bind: multiply},
	graph.CodeNoiseAdd:            {bind: noiseAdd},
	graph.CodeNoiseMultiply:       {bind: noiseMultiply},
	graph.CodeOrthogonalGrad:      {bind: orthogonalGrad, scratch: orthogonalGradScratch},
	graph.CodePenalty:             {bind: penalty},
	graph.CodePenaltyGrad:         {bind: penaltyGrad},
	graph.CodePermute:             {bind: permute},
	graph.CodeRMS:                 {bind: rms},
	graph.CodeRMSGrad:             {bind: rmsGrad},
	graph.CodeRamp:                {bind: ramp},
	graph.CodeRampGrad:            {bind: rampGrad},
	graph.CodeRecurrent:           {bind: recurrent, scratch: recurrentScratch},
	graph.CodeRecurrentBiasGrad:   {bind: recurrentBiasGrad},
	graph.CodeRecurrentGrad:       {bind: recurrentGrad, scratch: recurrentGradScratch},
	graph.CodeRecurrentKernelGrad: {bind: recurrentKernelGrad, scratch: recurrentKernelGradScratch},
	graph.CodeReverse:             {bind: reverse},
	graph.CodeScale:               {bind: scale},
	graph.CodeReLUDropoutGrad:     {bind: reluDropoutGrad},
	graph.CodeResample:            {bind: resample, scratch: resampleScratch},
	graph.CodeResampleGrad:        {bind: resampleGrad, scratch: resampleScratch},
	graph.CodeSparsemax:           {bind: ofRows(kernels.Sparsemax)},
	graph.CodeSparsemaxGrad:       {bind: ofRowsGrad(kernels.SparsemaxGrad)},
	graph.CodeGlobalMax:           {bind: globalMax},
	graph.CodeGlobalMaxGrad:       {bind: globalMaxGrad, scratch: globalMaxScratch},
	graph.CodeSoftmax:             {bind: ofRows(kernels.Softmax)},
	graph.CodeSoftmaxGrad:         {bind: ofRowsGrad(kernels.SoftmaxGrad)},
	graph.CodeStandardise:         {bind: standardise},
	graph.CodeStandardiseGrad:     {bind: standardiseGrad},
	graph.CodeUnit:                {bind: unit},
	graph.CodeUnitGrad:            {bind: unitGrad},
	graph.CodeWeightPenaltyGrad:   {bind: weightPenaltyGrad},
	plan.CodeClip:                 {bind: clip},
	plan.CodeConstrain:            {bind: constrain},
	plan.CodeCopy:                 {bind: copyArray},
	plan.CodeUpdate:               {bind: update},
}
