package pipelines

// Table and column arguments are text as the user typed it, with SQL's rules for quotes and case (table.ParseName,
// table.ParseColumns); summary tables record them as typed.

// SplitOptions are the arguments of Split: MADlib's train_test_split.
type SplitOptions struct {
	Source string
	// Root is the output table, or with Separate the root of Root_train and Root_test.
	Root string
	// Train is the proportion of training rows, between 0 and 1, exclusive. Test likewise; nil: 1 - Train.
	Train float64
	Test  *float64
	// Strata are columns: each combination of their values is split on its own. "": none.
	Strata string
	// Columns are those that the outputs get; "" or "*": all.
	Columns         string
	WithReplacement bool
	// Separate writes two tables without a split column; else one table with split = 1 (train) or 0 (test).
	Separate bool
	// Replace puts the outputs in the place of tables that exist, at the end and in one commit; else such a table is an error. What the
	// job reads cannot be replaced. It is the same in all options that have it.
	Replace bool
	Seed    uint64
}

// SplitResult counts the rows written.
type SplitResult struct{ Train, Test int64 }

// PreprocessOptions are the arguments of Preprocess: MADlib's training_preprocessor_dl, or with Like
// validation_preprocessor_dl.
type PreprocessOptions struct {
	Source, Output string
	// Dependent is a column list, Independent one of columns and functions of them (package features). With Like each may be "": that of
	// the training table.
	Dependent, Independent string
	// ArchTable and ID name a model of an architecture table, with whose inputs the independent variables are paired in their order: those of inputs
	// that take text are looked up as the model's layers do it. "": it is not known. Not with Like.
	ArchTable string
	ID        int
	// BufferSize is the wished number of rows per buffer; nil: the default of the formula.
	BufferSize *int
	// Normalize divides every feature; nil: 1. Must be positive. Not with Like.
	Normalize *float64
	// NumClasses per dependent column, to widen the one-hot labels; nil: the number of distinct values. Not with Like.
	NumClasses []int
	// LabelTypes say per dependent column what its values are: "class" (the default) or "numeric", numbers that are the label
	// themselves. One entry is for all columns. Not with Like.
	LabelTypes []string
	// Weight is a column of numbers, the weights of the rows: Keras' sample_weight. "": none. With Like it is given anew, or not.
	Weight string
	// Shards is the number of workers the buffers are meant for; 0: 1.
	Shards int
	// Distribution says which shards get buffers: "all_segments" or "" (the same); "gpu_segments", those on hosts that have a GPU, which are all
	// or none where the workers are on this machine, and none is an error; or a table that lists them in a column dbid, 2 for the first
	// shard, or in a column hostname the hosts that they are on. A listed shard is one of Shards, where that is not 0.
	Distribution string
	// Like names a packed training table: normalizing constant, classes and their order, and what independent variables are made with
	// come from it, rows keep their order.
	Like string
	// ValidationShare, between 0 and 1, exclusive, of the rows are held out of the training rows and packed into ValidationOutput, as with
	// Like Output. They are the rows that Split with the same Seed draws for testing where its Train is the rest of 1. nil: none, and
	// ValidationOutput is "". Not with Like.
	ValidationShare  *float64
	ValidationOutput string
	Replace          bool
	Seed             uint64
}

// PreprocessResult describes the packed table.
type PreprocessResult struct {
	Rows, Buffers, BufferSize int64
	// Validation describes the packed table of the rows that were held out; zero: there is none.
	Validation PackedRows
	// Features describe the independent variables that are made from columns.
	Features []FeatureArray
}

// PackedRows are the rows of a packed table.
type PackedRows struct{ Rows, Buffers, BufferSize int64 }

// A FeatureArray is an independent variable that is made from columns: Width numbers per row, which is what the model's input must take.
type FeatureArray struct {
	Name    string
	Width   int
	Columns []FeatureColumn
}

// A FeatureColumn is what becomes of a column.
type FeatureColumn struct {
	// Term is how it is made: standardise(mean(age)).
	Term  string
	Width int // numbers per row
	// Numbers is how many numbers an index has, from 0 on; 0: the column is no index. An Embedding layer needs as many rows.
	Numbers int
}

// LoadModelOptions are the arguments of LoadModel: MADlib's load_keras_model.
type LoadModelOptions struct {
	ArchTable string
	// Arch is the Keras JSON.
	Arch []byte
	// InputShapes are the shapes of the rows of each input, for a model that leaves dimensions open; nil: it leaves none.
	InputShapes [][]int
	// Weights in MADlib's byte form; nil: none. WeightsFrom names a model table to take them from instead.
	Weights           []byte
	WeightsFrom       string
	Name, Description *string
	// Replace puts the model in the place of the one that has its name, under the same id; where there is none it is added.
	Replace bool
}

// DeleteModelOptions are the arguments of DeleteModel: MADlib's delete_keras_model.
type DeleteModelOptions struct {
	ArchTable string
	ID        int
}

// LoadFunctionOptions are the arguments of LoadFunction: MADlib's load_custom_function.
type LoadFunctionOptions struct {
	// Table is an object table, which is made where there is none.
	Table string
	// Text is the function (docs/functions.md).
	Text        string
	Name        string
	Description *string
	// Replace puts the function in the place of the one that has its name, under the same id.
	Replace bool
}

// DeleteFunctionOptions are the arguments of DeleteFunction: MADlib's delete_custom_function.
type DeleteFunctionOptions struct {
	Table string
	// ID is the function's id, or Name its name; "": by the id.
	ID   int
	Name string
}

// LoadTopKOptions are the arguments of LoadTopK: MADlib's load_top_k_accuracy_function.
type LoadTopKOptions struct {
	Table string
	// K is at least 1.
	K int
	// Replace is no error where the metric is there already.
	Replace bool
}

// The steps that Plan describes.
const (
	PlanFit      = "fit"
	PlanEvaluate = "evaluate"
	PlanPredict  = "predict"
)

// PlanOptions are the arguments of Plan.
type PlanOptions struct {
	ArchTable string
	ID        int
	// Step is one of the constants above.
	Step string
	// Batch is the number of rows; 0: what fit takes by default, or as many as evaluate or predict take at a time.
	Batch int
	// Compile is compile_params, for PlanFit and PlanEvaluate; Functions as in FitOptions.
	Compile, Functions string
	// Precision is that of FitOptions.
	Precision string
}

// FitOptions are the arguments of Fit: MADlib's madlib_keras_fit.
type FitOptions struct {
	Source, Model string
	// ArchTable and ID name the network in an architecture table; or Arch is the network itself, Keras' JSON, and ArchTable is "". Without
	// a table the summary's model_arch_table and model_id are NULL.
	ArchTable string
	ID        int
	Arch      []byte
	// Compile and Fit are compile_params and fit_params in MADlib's text form.
	Compile, Fit string
	// Functions is the object table with the losses and metrics that Compile names and Keras has not; "": there are none, or with
	// WarmStart the table that the model's summary has.
	Functions  string
	Iterations int
	// Validation is a packed table; "": none.
	Validation string
	// MetricsEvery computes metrics after every so many iterations and after the last; 0: after the last only, with callbacks that act on them
	// after every one.
	MetricsEvery int
	// IterationsPerJob is the most stages of one Beam job, which are iterations where each has one; 0: as many as suit the size of the weights,
	// of which a runner keeps those of all stages of a job. No result depends on it.
	IterationsPerJob int
	// CheckpointEvery writes what is trained to the table MODEL_checkpoint after every so many iterations; 0: never. A fit with the
	// same arguments goes on from there, and drops it at the end.
	CheckpointEvery int
	// Sync is "auto", which chooses WarmUpPasses by the steps of the shards and the iterations and says what it has chosen, where SyncEvery and Outer must
	// be left out; "": all are as they are.
	Sync string
	// SyncEvery is the most steps of a shard between two averages of the weights; 0: an iteration.
	SyncEvery int
	// WarmUpPasses is the number of passes that begin the fit as one worker's: the shards train in turn, and nothing is averaged. A multiple
	// of the passes of an iteration.
	WarmUpPasses int
	// Outer is what becomes of the average: "average" (or ""), the next weights; "slowmo" or "nesterov", a step of an optimizer towards it, with
	// OuterRate and OuterMomentum; nil: slowmo 1 and 0.5; nesterov 1, with an optimizer other than SGD 0.7, and 1 - 1/shards, at most 0.9.
	Outer                    string
	OuterRate, OuterMomentum *float64
	// InnerState "keep" (or "") leaves optimizer states with their shards, "reset" begins every round with new ones.
	InnerState string
	// Moving is what becomes of the moving statistics of batch normalisation: "average" (or ""), "pooled", the mean and the variance of all shards
	// together, or "recompute", computed anew from rows before weights are scored.
	Moving string
	// AverageTail averages the weights of the last quarter of the iterations, and makes the model that average where its validation loss is smaller:
	// "swa", each the same, or "ema", the latest most; "": it does not.
	AverageTail string
	// Steps is what learning-rate schedules count: "local" (or ""), the steps of each shard, or "global", those of all.
	Steps string
	// Precision, "float32" or "mixed_bfloat16", is the policy of all layers in the place of their own; "": their own. It is written into the
	// architecture of the Model, which is then evaluated and predicts as it was trained.
	Precision string
	// WarmStart begins with the weights of the existing Model and replaces it.
	WarmStart bool
	// Replace trains anew and replaces the Model, which may exist or not; not with WarmStart.
	Replace           bool
	Name, Description *string
	Seed              uint64
	// FilesBelow is a folder of this machine that all files of callbacks (TensorBoard, CSVLogger) must lie below; relative names are below
	// it. "": they may lie anywhere.
	FilesBelow string
	// NoFiles refuses callbacks that write files, for those who fit for others.
	NoFiles bool
}

// FitResult is what the summary row tells of the end of training.
type FitResult struct {
	TrainingLoss      float64
	TrainingMetrics   []NamedValue
	ValidationLoss    *float64
	ValidationMetrics []NamedValue
	// Iteration is the one whose weights the model has, which the losses and metrics are of: the last, or with callbacks that keep the best that one.
	Iteration int
	// StoppedAfter is the iteration after which callbacks ended the fit, and StopReason says why; 0 and "": none did.
	StoppedAfter int
	StopReason   string
	// Tail says how the average of the tail compares, and what the model is; "": there was none.
	Tail string
	// ResumedAfter is the iteration of the checkpoint that the fit went on from; 0: it began at the beginning.
	ResumedAfter int
	// Warnings tell, in sentences, what is odd but no error: a validation table that was packed differently.
	Warnings []string
}

// EvaluateOptions are the arguments of Evaluate: MADlib's madlib_keras_evaluate.
type EvaluateOptions struct {
	Model, Test, Output string
	// Precision is that of FitOptions, for this evaluation alone.
	Precision string
	Replace   bool
}

// EvaluateResult is the row of the output table, and all metrics.
type EvaluateResult struct {
	Loss    float64
	Metrics []NamedValue
	// Warnings tell, in sentences, what is odd but no error: a test table that was packed differently.
	Warnings []string
}

// PredictOptions are the arguments of Predict: MADlib's madlib_keras_predict.
type PredictOptions struct {
	Model, Test, Output string
	// IDColumn is the column that tells the rows apart in the output; "": row_number, the number of the row in the table, from 1.
	IDColumn string
	// Independent is a column list; "": the columns of the training rows. Where these were made into variables it can only be the same
	// list as theirs.
	Independent string
	// Type is "prob" (or ""), "response", a number with a decimal point (least probability, exclusive) or a whole number
	// (highest rank), as written.
	Type string
	// ValidationShare leaves all rows out but those that Preprocess with the same ValidationShare and Seed holds out of the rows of Test,
	// which must be the table that it read, unchanged. nil: all rows are predicted.
	ValidationShare *float64
	Seed            uint64
	// Precision is that of FitOptions, for these predictions alone.
	Precision string
	Replace   bool
}

// PredictBYOMOptions are the arguments of PredictBYOM: MADlib's madlib_keras_predict_byom.
type PredictBYOMOptions struct {
	ArchTable    string
	ID           int
	Test, Output string
	IDColumn     string // as in PredictOptions
	// Independent is a column list, of a model that takes text one that Preprocess with ArchTable takes, if nothing has to be learned for it.
	Independent, Type string
	// Like names a packed training table or a model: the independent variables, their normalizing constant, the classes and the types of
	// labels are those of its rows. Independent may be "" then, and Classes, Normalize, DependentCount and LabelTypes are not given.
	Like string
	// Classes are the class values of each dependent variable; nil: their indexes. An element is nil for a NULL class.
	Classes [][]*string
	// Normalize divides every feature; nil: 1.
	Normalize *float64
	// DependentCount is the number of the model's outputs; 0: 1.
	DependentCount int
	// LabelTypes are those of PreprocessOptions, per output of the model.
	LabelTypes []string
	// Precision is that of FitOptions, for these predictions alone.
	Precision string
	Replace   bool
}

// PredictResult counts the rows predicted and the predictions written.
type PredictResult struct{ Rows, Predictions int64 }
