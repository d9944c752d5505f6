// Package picture draws what is known of models: losses and metrics over iterations, ROC, precision-recall and reliability curves, confusion
// matrices. It knows neither tables nor Beam, only numbers and names.
//
// # Vocabulary
//
// A Figure is a picture before it has a form; Write makes it SVG, PNG or PDF. It has panels, each a pair of axes with lines, and one legend above
// them. A line has a style by its place in the legend: one of seven colours, with a mark of its own.
//
// # Guarantees
//
// A panel is 95 by 65 mm with text of 8 points: it is read without a lens in a column of a paper and at the width of a phone. The colours are those
// of Okabe and Ito, which people with any form of colour blindness tell apart, less the yellow, which is too light on white; where lines may be
// confused without colour they differ in dashes or marks as well. Names are drawn as they are but for characters that show nothing, which become
// U+FFFD, and are cut where they are long. The same figure gives the same SVG and PNG; a PDF holds the time when it was made.
//
// Lines are drawn as finely as can be seen: points that lie closer together than that are left out.
//
// # Failure
//
// Numbers that are not finite have no place: a line has a gap there. A figure without a finite number is drawn with empty axes.
package picture
