package report

import (
	"html/template"
	"slices"

	"github.com/beamfit/beamfit/model/curve"
	"github.com/beamfit/beamfit/pipelines/picture"
)

// A Document is what a page says of a model. Parts that are empty are left out.
type Document struct {
	Name, Description string
	Made              string // by which program
	// Notes are sentences on what the page lacks, and why.
	Notes     []string
	Results   []Fact // the scores at the end, and how training ended
	Arguments []Fact
	History   picture.Fit
	Network   Network
	Rows      *Rows
	Runs      []Run
}

// A Fact is a name with a value.
type Fact struct{ Name, Value string }

// A Network is what a model is made of.
type Network struct {
	Inputs, Outputs []Fact // tensors with their shapes
	Layers          []Layer
	// Parameters are those of all layers, and Trainable those that training changes.
	Parameters, Trainable int64
}

// Branches tells whether a layer has its input from elsewhere than the layer before.
func (n Network) Branches() bool {
	return slices.ContainsFunc(n.Layers, func(l Layer) bool { return len(l.From) > 0 })
}

// A Layer of a network. From are the layers that it has its input from, where that is not just the one before.
type Layer struct {
	Name, Class, Shape string
	Parameters         int64
	Frozen             bool
	From               []string
}

// Rows are what the model says of the rows of a table.
type Rows struct {
	Table   string
	Kind    string // validation or training
	Count   int64
	Outputs []Output
}

// An Output is what the model says for one dependent variable. It has a confusion matrix or errors.
type Output struct {
	Variable  string
	Confusion *curve.Confusion // of classes
	Curves    []*picture.Figure
	Errors    []Fact // of numbers
	Worst     []Row  // those predicted worst, the worst first
}

// A Row of the table, with what the model says of it.
type Row struct {
	Place            string // where it is
	Truth, Predicted string
	// The probabilities of these, where they are classes.
	TruthProb, PredictedProb string
	Facts                    []Fact // how far off the model is
	Image                    Image  // its features as a picture
	Features                 string // or as numbers
}

// A Run is a command that worked on the model.
type Run struct {
	ID                                            string
	Command                                       []string // its words
	State, Started, Took, Where, Version, Message string
}

// page is a document as the template sees it.
type page struct {
	*Document
	Style  template.CSS
	Curves []drawing
	Judged []judged
}

// A drawing is a picture, with what it shows in words.
type drawing struct {
	SVG template.HTML
	Alt string
}

// judged is an Output with its pictures.
type judged struct {
	Output
	Matrix  *drawing
	Classes []classRow
	Drawn   []drawing
}

// A classRow says how good the predictions of a class are.
type classRow struct {
	Name                  string
	Rows                  int64
	Precision, Recall, F1 string
}
