package metric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// An entry is one metric of keras.metrics by its names. make builds it for an output of width n; it reads the
// arguments it knows and leaves the name out.
type entry struct {
	names []string
	make  func(a *params.Args, n int) *Metric
}

// table is every metric that is not a loss of the same name: a new one is a file and a row here. Names are the function's or
// Keras' snake case of the class, then the class, then short forms.
var table = []entry{
	{[]string{"accuracy"}, accuracy},
	{[]string{"auc", "AUC"}, auc},
	{[]string{"binary_accuracy", "BinaryAccuracy"}, binaryAccuracy},
	{[]string{"binary_io_u", "BinaryIoU"}, binaryIoU},
	{[]string{"categorical_accuracy", "CategoricalAccuracy"}, categoricalAccuracy},
	{[]string{"concordance_correlation", "ConcordanceCorrelation"}, concordanceCorrelation},
	{[]string{"cosine_similarity", "CosineSimilarity", "cosine_proximity"}, cosineSimilarity},
	{[]string{"crossentropy", "ce"}, crossentropy},
	{[]string{"f1_score", "F1Score"}, f1Score},
	{[]string{"f_beta_score", "FBetaScore"}, fBetaScore},
	{[]string{"false_negatives", "FalseNegatives"}, conditions(func(c confusion) float64 { return c.fn })},
	{[]string{"false_positives", "FalsePositives"}, conditions(func(c confusion) float64 { return c.fp })},
	{[]string{"io_u", "IoU"}, iou},
	{[]string{"log_cosh_error", "LogCoshError"}, logCoshError},
	{[]string{"mean_io_u", "MeanIoU"}, meanIoU},
	{[]string{"one_hot_io_u", "OneHotIoU"}, oneHotIoU},
	{[]string{"one_hot_mean_io_u", "OneHotMeanIoU"}, oneHotMeanIoU},
	{[]string{"pearson_correlation", "PearsonCorrelation"}, pearsonCorrelation},
	{[]string{"precision", "Precision"}, rates(confusion.precision)},
	{[]string{"precision_at_recall", "PrecisionAtRecall"}, bestWhere("recall", confusion.recall, confusion.precision)},
	{[]string{"r2_score", "R2Score"}, r2Score},
	{[]string{"recall", "Recall"}, rates(confusion.recall)},
	{[]string{"recall_at_precision", "RecallAtPrecision"}, bestWhere("precision", confusion.precision, confusion.recall)},
	{[]string{"root_mean_squared_error", "RootMeanSquaredError"}, rootMeanSquaredError},
	{[]string{"sensitivity_at_specificity", "SensitivityAtSpecificity"}, bestWhere("specificity", confusion.specificity, confusion.recall)},
	{[]string{"sparse_categorical_accuracy", "SparseCategoricalAccuracy"}, sparseCategoricalAccuracy},
	{[]string{"sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"}, sparseTopKCategoricalAccuracy},
	{[]string{"specificity_at_sensitivity", "SpecificityAtSensitivity"}, bestWhere("sensitivity", confusion.recall, confusion.specificity)},
	{[]string{"top_k_categorical_accuracy", "TopKCategoricalAccuracy"}, topKCategoricalAccuracy},
	{[]string{"true_negatives", "TrueNegatives"}, conditions(func(c confusion) float64 { return c.tn })},
	{[]string{"true_positives", "TruePositives"}, conditions(func(c confusion) float64 { return c.tp })},
}

// refused are metrics of Keras that are none here, in lower case.
var refused = map[string]string{
	"mean":              "is of values, and has no predictions and labels to compare",
	"sum":               "is of values, and has no predictions and labels to compare",
	"meanmetricwrapper": "needs a function; write the name of the function's metric",
}

// Names lists the metrics by their first names, the losses included that can be metrics, sorted.
func Names() []string {
	names := slices.DeleteFunc(loss.Names(), notOfOutputs)
	for _, e := range table {
		names = append(names, e.names[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// spellings are Names and the short names, such as mse.
func spellings() []string {
	names := slices.DeleteFunc(loss.Spellings(), notOfOutputs)
	for _, e := range table {
		names = append(names, e.names[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ofModules are names in Keras' modules that are neither losses nor metrics.
var ofModules = []string{"serialize", "deserialize", "get", "loss", "metric"}

// OfKeras tells whether a name, in any case, is one of Keras' metrics, losses included, or another one of its modules.
func OfKeras(name string) bool {
	lower := strings.ToLower(name)
	_, none := refused[lower]
	return none || isAccuracy(name) || slices.Contains(ofModules, lower) || loss.OfKeras(name) ||
		slices.ContainsFunc(table, func(e entry) bool {
			return slices.ContainsFunc(e.names, func(s string) bool { return strings.EqualFold(s, name) })
		})
}

// Known says whether there is a metric of a name, in any of its spellings.
func Known(name string) bool { return find(name) != nil || loss.Known(name) && !notOfOutputs(name) }

// notOfOutputs tells whether a name is that of a loss whose labels are not like the output.
func notOfOutputs(name string) bool {
	l, ok := loss.ByName(name)
	return ok && l.Labels != loss.LikeOutput
}

func find(name string) *entry {
	if isAccuracy(name) {
		name = "accuracy"
	}
	for i, e := range table {
		if slices.Contains(e.names, name) {
			return &table[i]
		}
	}
	return nil
}

// isAccuracy tells whether a name is one of accuracy's, which Keras takes in any case.
func isAccuracy(name string) bool {
	lower := strings.ToLower(name)
	return lower == "accuracy" || lower == "acc"
}

// ForLoss is the metric that a name means beside a loss: accuracy is sparse_categorical_accuracy beside a loss of class
// numbers. Other calls stay as they are.
//
// Source: keras/src/trainers/compile_utils.py, get_metric, which looks at the labels.
func ForLoss(call params.Call, l *loss.Loss, n int) params.Call {
	if l.Sparse && n > 1 && !call.Called && isAccuracy(call.Name) {
		call.Name, call.Text = "sparse_categorical_accuracy", call.String()
	}
	return call
}

// New finds the metric that compile_params ask for and binds it to an output of width n. It refuses a name that is not
// in the table and arguments that the metric does not have. Every metric takes name and dtype.
func New(call params.Call, n int) (*Metric, error) {
	e := find(call.Name)
	if e == nil && !loss.Known(call.Name) {
		if why, ok := refused[strings.ToLower(call.Name)]; ok {
			return nil, fmt.Errorf("metric %s is not supported: it %s", call.Name, why)
		}
		return nil, fmt.Errorf("unknown metric %q; %s", call.Name, nearest.Known(call.Name, spellings()))
	}
	name, logName := call.String(), logName(e, call)
	call, err := call.Named(order(e, call))
	if err != nil {
		return nil, fmt.Errorf("metric %s: %w", call.Name, err)
	}
	switch given := call.Args["name"].(type) {
	case nil:
	case string:
		name, logName = given, given
	default:
		return nil, fmt.Errorf("metric %s: argument name must be a text, found %v", call.Name, given)
	}
	m, err := bind(e, call.Without("name", "dtype"), n) // dtype says how Keras computes it
	if err != nil {
		return nil, err
	}
	m.Name, m.LogName, m.Better = name, logName, better(e)
	return m, nil
}

// logNames are the names of metrics in logs that are not the first ones of the table.
var logNames = map[string]string{"f_beta_score": "fbeta_score", "log_cosh_error": "logcosh"}

// logName is the name of a metric in Keras' logs; nil e: that of a loss.
func logName(e *entry, call params.Call) string {
	if !call.Called {
		return call.String() // as it was written, also where the loss says which metric it means
	}
	if e == nil {
		l, _ := loss.ByName(call.Name)
		if l == nil {
			return call.Name
		}
		return l.Name
	}
	if name, ok := logNames[e.names[0]]; ok {
		return name
	}
	return e.names[0]
}

// directions are those of metrics of the table that do not go up.
//
// Source: _direction in keras/src/metrics.
var directions = map[string]Direction{
	"crossentropy": Down, "log_cosh_error": Down, "root_mean_squared_error": Down,
	"false_negatives": Neither, "false_positives": Neither, "true_negatives": Neither, "true_positives": Neither,
}

func better(e *entry) Direction {
	if e == nil {
		return Down
	}
	return directions[e.names[0]]
}

// Custom is a person's own metric: the mean over rows of what a function gives, for an output of a shape. Every metric takes name.
func Custom(f *expr.Function, call params.Call, shape []int) (*Metric, error) {
	name, logName := call.String(), call.Name
	if given, ok := call.Args["name"].(string); ok {
		name, logName, call = given, given, call.Without("name")
	}
	l, err := loss.Custom(f, call, shape)
	if err != nil {
		return nil, err
	}
	if l.WholeBatch {
		return nil, fmt.Errorf("function %s gives one value for all rows of a batch; a metric is the mean of one value per row: "+
			"give sums and means axis=-1", f.Name)
	}
	m := ofLoss(l)
	m.Name, m.LogName, m.Better = name, logName, Neither // as Keras, which cannot know
	return m, nil
}

// bind is the metric without a name; nil e: that of a loss.
func bind(e *entry, call params.Call, n int) (*Metric, error) {
	if e == nil {
		l, err := loss.New(call)
		if err != nil {
			return nil, err
		}
		if l.Labels != loss.LikeOutput || l.WholeBatch {
			return nil, fmt.Errorf("metric %s is not supported: the loss %s is no mean over rows of outputs and labels", call.Name, l)
		}
		m := ofLoss(l)
		m.FirstAxis = l.FirstAxis
		return m, nil
	}
	a := params.NewArgs(call)
	m := e.make(a, n)
	m.FirstAxis = a.Is1("axis")
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("metric %s: %w", call.Name, err)
	}
	if m.counts+m.sums > maxState {
		return nil, fmt.Errorf("metric %s: %d counts and sums for an output of width %d, at most %d", call.Name, m.counts+m.sums, n, maxState)
	}
	return m, nil
}
