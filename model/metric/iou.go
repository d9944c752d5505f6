package metric

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// An overlap computes the IoU metrics: the mean over the target classes of intersection over union, tp / (tp + fp + fn),
// without the classes that neither labels nor predictions have. Per class, a State has the number of its labels, of its
// predictions and of those that agree.
//
// Source: keras/src/metrics/iou_metrics.py, _IoUBase, IoU.
type overlap struct {
	tally
	classes   int
	targets   []int
	ignore    int // a class of labels that do not count; -1: none
	threshold float32
	// class, where it is not nil, is the class that a row of labels stands for; that of a row of predictions is its highest
	// element. Else every element is a class number.
	class func(y []float32) int
	// binary: elements of predictions are 1 from the threshold on, else 0.
	binary bool
}

// iou is the IoU of the classes target_class_ids.
//
// Arguments: num_classes, target_class_ids; ignore_class none; sparse_y_true, sparse_y_pred True: elements of labels and
// predictions are class numbers. With sparse_y_pred=False the class of a row of labels and of predictions is that of the
// highest element. (Labels here are as wide as the output, so one-hot ones are as good as class numbers then.)
func iou(a *params.Args, _ int) *Metric {
	o := readOverlap(a)
	o.targets = readTargets(a, o.classes)
	o.class = readSparse(a)
	return o.metric()
}

// meanIoU is iou of all classes.
func meanIoU(a *params.Args, _ int) *Metric {
	o := readOverlap(a)
	o.class = readSparse(a)
	return o.all().metric()
}

// oneHotIoU is iou of one-hot labels.
func oneHotIoU(a *params.Args, n int) *Metric {
	o := readOverlap(a)
	o.targets = readTargets(a, o.classes)
	o.class = argmax
	refuseSparse(a, n)
	return o.metric()
}

// oneHotMeanIoU is oneHotIoU of all classes.
func oneHotMeanIoU(a *params.Args, n int) *Metric {
	o := readOverlap(a)
	o.class = argmax
	refuseSparse(a, n)
	return o.all().metric()
}

// binaryIoU is iou of the classes 0 and 1 that predictions are below and from threshold (0.5) on.
//
// Arguments: target_class_ids [0, 1], threshold 0.5.
func binaryIoU(a *params.Args, _ int) *Metric {
	o := &overlap{classes: 2, ignore: -1, binary: true}
	if a.Has("target_class_ids") {
		o.targets = readTargets(a, 2)
	} else {
		o.all()
	}
	o.threshold = float32(a.Float(0.5, "threshold"))
	return o.metric()
}

func readOverlap(a *params.Args) *overlap {
	if !a.Has("num_classes") {
		a.Failf("argument num_classes is missing")
	}
	if axis := a.Int(-1, "axis"); axis != -1 && axis != 1 {
		a.Failf("argument axis must be -1, found %d", axis)
	}
	o := &overlap{classes: readCount(a, 1, 1, "num_classes"), ignore: -1}
	if a.Has("ignore_class") {
		o.ignore = a.Int(0, "ignore_class")
	}
	return o
}

func (o *overlap) all() *overlap {
	for c := range o.classes {
		o.targets = append(o.targets, c)
	}
	return o
}

func readTargets(a *params.Args, classes int) []int {
	var targets []int
	for _, v := range a.Floats("target_class_ids") {
		if v != math.Trunc(v) || v < 0 || v >= float64(classes) {
			a.Failf("argument target_class_ids must have class numbers from 0 to %d, found %v", classes-1, v)
			return nil
		}
		targets = append(targets, int(v))
	}
	return targets
}

// readSparse is how a row of labels stands for a class, nil where elements are class numbers.
func readSparse(a *params.Args) func(y []float32) int {
	labels, predictions := a.Bool(true, "sparse_y_true"), a.Bool(true, "sparse_y_pred")
	if predictions && !labels {
		a.Failf("argument sparse_y_pred must be False where sparse_y_true is: labels are as wide as the output")
	}
	switch {
	case predictions:
		return nil
	case labels:
		return classNumber
	}
	return argmax
}

func refuseSparse(a *params.Args, n int) {
	if a.Bool(false, "sparse_y_pred") {
		a.Failf("argument sparse_y_pred must be False: predictions are %d wide, as the one-hot labels", n)
	}
}

func (o *overlap) metric() *Metric {
	counts, sums := o.room(3 * o.classes)
	return &Metric{counts: counts, sums: sums, add: o.add, value: o.value, weigh: func() *Metric {
		weighted := *o
		weighted.weighted = true
		return weighted.metric()
	}}
}

func (o *overlap) add(s *State, r Rows) {
	for row := range len(r.Values) {
		p, y, weight := r.p(row), r.y(row), r.weight(row)
		if o.class != nil {
			o.count(s, o.class(y), argmax(p), weight)
			continue
		}
		for j, v := range p {
			class := int(v)
			if o.binary {
				class = 0
				if v >= o.threshold {
					class = 1
				}
			}
			o.count(s, int(y[j]), class, weight)
		}
	}
}

// count takes in one label and prediction, unless one of them is out of range.
func (o *overlap) count(s *State, label, predicted int, weight float64) {
	if label < 0 || label >= o.classes || predicted < 0 || predicted >= o.classes || label == o.ignore {
		return
	}
	o.tally.add(s, 3*label, weight)
	o.tally.add(s, 3*predicted+1, weight)
	if label == predicted {
		o.tally.add(s, 3*label+2, weight)
	}
}

func (o *overlap) value(s *State) float64 {
	var sum, present float64
	for _, c := range o.targets {
		both := o.at(s, 3*c+2)
		if either := o.at(s, 3*c) + o.at(s, 3*c+1) - both; either > 0 {
			sum += both / (either + epsilon)
			present++
		}
	}
	return sum / (present + epsilon)
}
