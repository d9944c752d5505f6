package cpu

import (
	"reflect"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
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
	attr    reflect.Type // of Instr.Attr; that of none where there is none
	bind    func(attr any, o operands) call
	scratch func(attr any) int // nil: none

	// One of these, or none, for instructions that others may join; see join.go.
	sweep  func(attr any, o operands) *sweep
	images func(attr any, o operands) *imagewise
}

// none is the type of the attributes of an opcode that has none.
type none struct{}

// of is the row of an opcode whose attributes are an A.
func of[A any](bind func(a A, o operands) call) row {
	return row{attr: reflect.TypeFor[A](), bind: func(attr any, o operands) call {
		a, _ := attr.(A) // none stays none; Device has checked all others
		return bind(a, o)
	}}
}

// withScratch is the row of an opcode whose kernel wants a workspace.
func withScratch[A any](bind func(a A, o operands) call, scratch func(a A) int) row {
	r := of(bind)
	r.scratch = func(attr any) int { return scratch(attr.(A)) }
	return r
}

// ofImages is the row of a convolution, or of a gradient of one.
func ofImages(bind func(a *graph.Conv2DAttr, o operands) *imagewise, scratch func(a *graph.Conv2DAttr) int) row {
	r := withScratch(func(a *graph.Conv2DAttr, o operands) call { return bind(a, o).with(nil, nil) }, scratch)
	r.images = func(attr any, o operands) *imagewise { return bind(attr.(*graph.Conv2DAttr), o) }
	return r
}

// table is every opcode: a new one is a function in the file of its family and a row here.
var table = map[string]row{
	graph.CodeActivation:                  swept(activation),
	graph.CodeActivationBiasGrad:          swept(activationBiasGrad),
	graph.CodeActivationGrad:              swept(activationGrad),
	graph.CodeActivationGradX:             of(activationGradX),
	graph.CodeAdd:                         swept(add),
	graph.CodeArgMax:                      of(argMax),
	graph.CodeAvgPool2D:                   of(avgPool2D),
	graph.CodeAvgPool2DGrad:               of(avgPool2DGrad),
	graph.CodeBatchNorm:                   swept(batchNorm),
	graph.CodeBatchNormGrad:               swept(batchNormGrad),
	graph.CodeBatchNormGradSums:           swept(batchNormGradSums),
	graph.CodeBatchNormInfer:              withScratch(batchNormInfer, batchNormScratch),
	graph.CodeBatchNormInferGrad:          withScratch(batchNormInferGrad, batchNormScratch),
	graph.CodeBatchNormSums:               swept(batchNormSums),
	graph.CodeBiasGrad:                    swept(biasGrad),
	graph.CodeBroadcast:                   of(broadcast),
	graph.CodeBroadcastGrad:               of(broadcastGrad),
	graph.CodeCausalSoftmax:               of(causalSoftmax),
	graph.CodeCompare:                     of(compareArrays),
	graph.CodeConcat:                      of(concat),
	graph.CodeConcatGrad:                  of(concatGrad),
	graph.CodeConstant:                    of(constant),
	graph.CodeConv2D:                      ofImages(conv2D, conv2DScratch),
	graph.CodeConv2DInputGrad:             ofImages(conv2DInputGrad, conv2DInputGradScratch),
	graph.CodeConv2DKernelGrad:            ofImages(conv2DKernelGrad, conv2DKernelGradScratch),
	graph.CodeCTC:                         withScratch(ctc, kernels.CTCWorkspace),
	graph.CodeCTCGrad:                     withScratch(ctcGrad, kernels.CTCGradWorkspace),
	graph.CodeDense:                       withScratch(dense, denseScratch),
	graph.CodeDenseInputGrad:              withScratch(denseInputGrad, denseInputGradScratch),
	graph.CodeDenseKernelGrad:             withScratch(denseKernelGrad, denseKernelGradScratch),
	graph.CodeDivide:                      of(divideArrays),
	graph.CodeDropout:                     of(dropout),
	graph.CodeDropoutBroadcast:            withScratch(dropoutBroadcast, dropoutBroadcastScratch),
	graph.CodeELU:                         of(elu),
	graph.CodeELUGrad:                     of(eluGrad),
	graph.CodeEmbedding:                   of(embedding),
	graph.CodeEmbeddingGrad:               of(embeddingGrad),
	graph.CodeExtremum:                    of(extremum),
	graph.CodeExtremumGrad:                of(extremumGrad),
	graph.CodeFill:                        of(fill),
	graph.CodeFrame:                       of(frame),
	graph.CodeFunction:                    of(function),
	graph.CodeFunctionGrad:                of(functionGrad),
	graph.CodeGLU:                         of(ofRows(kernels.GLU)),
	graph.CodeGLUGrad:                     of(ofRowsGrad(kernels.GLUGrad)),
	graph.CodeKnownNorm:                   withScratch(knownNorm, knownNormScratch),
	graph.CodeKnownNormGrad:               withScratch(knownNormGrad, knownNormScratch),
	graph.CodeLogSoftmax:                  of(ofRows(kernels.LogSoftmax)),
	graph.CodeLogSoftmaxGrad:              of(ofRowsGrad(kernels.LogSoftmaxGrad)),
	graph.CodeLoss:                        of(lossRows),
	graph.CodeLossGrad:                    of(lossGrad),
	graph.CodeMaskedSoftmax:               of(maskedSoftmax),
	graph.CodeMaskedSoftmaxGrad:           of(maskedSoftmaxGrad),
	graph.CodeMatMul:                      withScratch(matMul, matMulScratch),
	graph.CodeMask:                        of(mask),
	graph.CodeMaskRows:                    of(maskRows),
	graph.CodeMaskedMean:                  of(maskedMean),
	graph.CodeMaskedMeanGrad:              of(maskedMeanGrad),
	graph.CodeMaxPool2D:                   of(maxPool2D),
	graph.CodeMaxPool2DGrad:               of(maxPool2DGrad),
	graph.CodeMoving:                      of(moving),
	graph.CodeMultiply:                    of(multiply),
	graph.CodeNoiseAdd:                    of(noiseAdd),
	graph.CodeNoiseMultiply:               of(noiseMultiply),
	graph.CodeOrthogonalGrad:              withScratch(orthogonalGrad, orthogonalGradScratch),
	graph.CodePenalty:                     of(penalty),
	graph.CodePenaltyGrad:                 of(penaltyGrad),
	graph.CodePermute:                     of(permute),
	graph.CodePower:                       of(powerArrays),
	graph.CodeRMS:                         of(rms),
	graph.CodeRMSGrad:                     of(rmsGrad),
	graph.CodeRamp:                        of(ramp),
	graph.CodeRampGrad:                    of(rampGrad),
	graph.CodeRecurrent:                   withScratch(recurrentOf(kernels.Recurrent), recurrentScratch),
	graph.CodeRecurrentBiasGrad:           of(recurrentBiasGrad),
	graph.CodeRecurrentGrad:               withScratch(recurrentGradOf(kernels.RecurrentGrad), recurrentGradScratch),
	graph.CodeRecurrentKernelGrad:         withScratch(recurrentKernelGradOf(kernels.RecurrentKernelGrad), recurrentKernelGradScratch),
	graph.CodeRecurrentBfloat16:           withScratch(recurrentOf(kernels.RecurrentBfloat16), recurrentScratch),
	graph.CodeRecurrentBfloat16Grad:       withScratch(recurrentGradOf(kernels.RecurrentGradBfloat16), recurrentGradScratch),
	graph.CodeRecurrentBfloat16KernelGrad: withScratch(recurrentKernelGradOf(kernels.RecurrentKernelGradBfloat16), recurrentKernelGradScratch),
	graph.CodeReverse:                     of(reverse),
	graph.CodeRoundBfloat16:               of(roundBfloat16),
	graph.CodeScale:                       of(scale),
	graph.CodeReLUDropoutGrad:             of(reluDropoutGrad),
	graph.CodeResample:                    withScratch(resample, kernels.ResampleWorkspace),
	graph.CodeResampleGrad:                withScratch(resampleGrad, kernels.ResampleWorkspace),
	graph.CodeSparsemax:                   of(ofRows(kernels.Sparsemax)),
	graph.CodeSparsemaxGrad:               of(ofRowsGrad(kernels.SparsemaxGrad)),
	graph.CodeGlobalMax:                   of(globalMax),
	graph.CodeGlobalMaxGrad:               withScratch(globalMaxGrad, globalMaxScratch),
	graph.CodeSoftmax:                     of(ofRows(kernels.Softmax)),
	graph.CodeSoftmaxGrad:                 of(ofRowsGrad(kernels.SoftmaxGrad)),
	graph.CodeStandardise:                 of(standardise),
	graph.CodeStandardiseGrad:             of(standardiseGrad),
	graph.CodeUniform:                     of(uniform),
	graph.CodeUnit:                        of(unit),
	graph.CodeUnitGrad:                    of(unitGrad),
	graph.CodeWarp:                        of(warp),
	graph.CodeWeightPenaltyGrad:           of(weightPenaltyGrad),
	plan.CodeAccumulate:                   of(accumulate),
	plan.CodeAverage:                      of(average),
	plan.CodeBegin:                        of(begin),
	plan.CodeClip:                         of(clip),
	plan.CodeConstrain:                    of(constrain),
	plan.CodeCopy:                         of(copyArray),
	plan.CodeDecay:                        of(decay),
	plan.CodeUpdate:                       withScratch(update, updateScratch),
}

// losses has the kernels of every form of a loss, by its kind.
var losses = map[string]lossKernels{
	"binary_crossentropy":                   ofForm(loss.BinaryCrossentropy.Rows, loss.BinaryCrossentropy.Grad),
	"binary_focal_crossentropy":             ofForm(loss.BinaryFocalCrossentropy.Rows, loss.BinaryFocalCrossentropy.Grad),
	"categorical_crossentropy":              ofForm(loss.CategoricalCrossentropy.Rows, loss.CategoricalCrossentropy.Grad),
	"categorical_focal_crossentropy":        ofForm(loss.CategoricalFocalCrossentropy.Rows, loss.CategoricalFocalCrossentropy.Grad),
	"categorical_generalized_cross_entropy": ofForm(loss.CategoricalGeneralizedCrossEntropy.Rows, loss.CategoricalGeneralizedCrossEntropy.Grad),
	"categorical_hinge":                     ofForm(loss.CategoricalHinge.Rows, loss.CategoricalHinge.Grad),
	"circle":                                ofForm(loss.Circle.Rows, loss.Circle.Grad),
	"cosine_similarity":                     ofForm(loss.CosineSimilarity.Rows, loss.CosineSimilarity.Grad),
	"dice":                                  ofForm(loss.Dice.Rows, loss.Dice.Grad),
	"hinge":                                 ofForm(loss.Hinge.Rows, loss.Hinge.Grad),
	"huber":                                 ofForm(loss.Huber.Rows, loss.Huber.Grad),
	"kl_divergence":                         ofForm(loss.KLDivergence.Rows, loss.KLDivergence.Grad),
	"log_cosh":                              ofForm(loss.LogCosh.Rows, loss.LogCosh.Grad),
	"mean_absolute_error":                   ofForm(loss.MeanAbsoluteError.Rows, loss.MeanAbsoluteError.Grad),
	"mean_absolute_percentage_error":        ofForm(loss.MeanAbsolutePercentageError.Rows, loss.MeanAbsolutePercentageError.Grad),
	"mean_squared_error":                    ofForm(loss.MeanSquaredError.Rows, loss.MeanSquaredError.Grad),
	"mean_squared_logarithmic_error":        ofForm(loss.MeanSquaredLogarithmicError.Rows, loss.MeanSquaredLogarithmicError.Grad),
	"poisson":                               ofForm(loss.Poisson.Rows, loss.Poisson.Grad),
	"sparse_categorical_crossentropy":       ofForm(loss.SparseCategoricalCrossentropy.Rows, loss.SparseCategoricalCrossentropy.Grad),
	"squared_hinge":                         ofForm(loss.SquaredHinge.Rows, loss.SquaredHinge.Grad),
	"tversky":                               ofForm(loss.Tversky.Rows, loss.Tversky.Grad),
}

// rules has the kernel of every rule of an optimizer, by its kind.
var rules = map[string]ruleKernel{
	"Adadelta":          ofRule(adadelta),
	"Adafactor":         ofArray(adafactor),
	"Adagrad":           ofRule(adagrad),
	"Adam":              ofRule(adam),
	"Adamax":            ofRule(adamax),
	"Ftrl":              ofRule(ftrl),
	"Lamb":              ofArray(lamb),
	"Lion":              ofRule(lion),
	"Muon":              ofMatrix(muon, muonScratch),
	"Nadam":             ofRule(nadam),
	"RMSprop":           ofRule(rmsprop),
	"SGD":               ofRule(sgd),
	"ScheduleFreeAdamW": ofRule(scheduleFreeAdamW),
}

// clips has the kernel of every way to bound gradients.
var clips = map[optimizer.ClipKind]func(a plan.ClipAttr, g []float32){
	optimizer.ClipNorm:       clipNorm,
	optimizer.ClipGlobalNorm: clipGlobalNorm,
	optimizer.ClipValue:      clipValue,
}
