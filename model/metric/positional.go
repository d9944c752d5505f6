package metric

import (
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// positional are the arguments of metrics in the order in which they may stand without names: those of Keras' signature, by the first
// name of a metric, or the name of a loss. Metrics that are not here have name and dtype.
var positional = map[string][]string{
	"auc": {
		"num_thresholds", "curve", "summation_method", "name", "dtype", "thresholds", "multi_label", "num_labels", "label_weights", "from_logits",
	},
	"binary_accuracy":                   {"name", "dtype", "threshold"},
	"binary_crossentropy":               {"name", "dtype", "from_logits", "label_smoothing"},
	"binary_io_u":                       {"target_class_ids", "threshold", "name", "dtype"},
	"categorical_crossentropy":          {"name", "dtype", "from_logits", "label_smoothing", "axis"},
	"concordance_correlation":           {"name", "dtype", "axis"},
	"cosine_similarity":                 {"name", "dtype", "axis"},
	"f1_score":                          {"average", "threshold", "name", "dtype"},
	"f_beta_score":                      {"average", "beta", "threshold", "name", "dtype"},
	"false_negatives":                   {"thresholds", "name", "dtype"},
	"false_positives":                   {"thresholds", "name", "dtype"},
	"io_u":                              {"num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"},
	"mean_io_u":                         {"num_classes", "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"},
	"one_hot_io_u":                      {"num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_pred", "axis"},
	"one_hot_mean_io_u":                 {"num_classes", "name", "dtype", "ignore_class", "sparse_y_pred", "axis"},
	"pearson_correlation":               {"name", "dtype", "axis"},
	"precision":                         {"thresholds", "top_k", "class_id", "name", "dtype"},
	"precision_at_recall":               {"recall", "num_thresholds", "class_id", "name", "dtype"},
	"r2_score":                          {"class_aggregation", "num_regressors", "name", "dtype"},
	"recall":                            {"thresholds", "top_k", "class_id", "name", "dtype"},
	"recall_at_precision":               {"precision", "num_thresholds", "class_id", "name", "dtype"},
	"sensitivity_at_specificity":        {"specificity", "num_thresholds", "class_id", "name", "dtype"},
	"sparse_categorical_crossentropy":   {"name", "dtype", "from_logits", "ignore_class", "axis"},
	"sparse_top_k_categorical_accuracy": {"k", "name", "dtype", "from_sorted_ids"},
	"specificity_at_sensitivity":        {"sensitivity", "num_thresholds", "class_id", "name", "dtype"},
	"top_k_categorical_accuracy":        {"k", "name", "dtype"},
	"true_negatives":                    {"thresholds", "name", "dtype"},
	"true_positives":                    {"thresholds", "name", "dtype"},
}

// order are the arguments of a metric that may stand without names; nil e: of the metric that a loss is.
func order(e *entry, call params.Call) []string {
	name := call.Name
	if e != nil {
		name = e.names[0]
	} else if l, ok := loss.ByName(name); ok {
		name = l.Name
	}
	if names, ok := positional[name]; ok {
		return names
	}
	return []string{"name", "dtype"}
}
