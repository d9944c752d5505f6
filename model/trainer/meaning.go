package trainer

import "github.com/beamfit/beamfit/model/loss"

// A Meaning is what the units of an output say of a row, or of a step where the output has several.
type Meaning int

const (
	// OfClasses: each unit is for one of as many classes. Labels are one-hot, or class numbers where the loss takes these.
	OfClasses Meaning = iota + 1
	// OfSecondClass: the one unit tells the second of two classes from the first. Labels are one-hot of the two, or 0 and 1.
	OfSecondClass
	// OfLabel: the units are the label, numbers, or what the loss makes of the row.
	OfLabel
	// OfFrames: the units are for the classes of a frame, and the frames spell the label.
	OfFrames
)

// MeaningOf is the meaning of an output of so many units that is trained with a loss and with labels that are numeric or not. It is the
// one place that decides so: CheckLabels and the labels of a batch go by it, and whoever reads predictions.
func MeaningOf(l *loss.Loss, units int, numeric bool) Meaning {
	switch {
	case l.Labels == loss.Sequences:
		return OfFrames
	case l.Labels == loss.ClassNumbers:
		return OfLabel
	case numeric && (units == 1 || !l.Sparse):
		return OfLabel
	case units == 1:
		return OfSecondClass
	}
	return OfClasses
}

// LooksThrough tells whether a loss of logits takes those of the activation that makes an output, as Keras' cross-entropies do of a sigmoid or a softmax: the
// output then is probabilities though the loss says from_logits.
func LooksThrough(l *loss.Loss, activation string) bool {
	return l.Logits != nil && (activation == "sigmoid" || activation == "softmax")
}
