package keras

import (
	"maps"
	"slices"
)

// LayerClasses lists the classes of all layers that Parse reads, sorted.
func LayerClasses() []string {
	classes := append(slices.Collect(maps.Keys(layerClasses)), "InputLayer")
	slices.Sort(classes)
	return classes
}

// InitializerClasses lists the classes of all initializers, sorted.
func InitializerClasses() []string { return slices.Sorted(maps.Keys(initializers)) }

// ConstraintClasses lists the classes of all constraints, sorted.
func ConstraintClasses() []string { return slices.Sorted(maps.Keys(constraints)) }

// RegularizerClasses lists the classes of all regularizers, sorted.
func RegularizerClasses() []string { return slices.Sorted(maps.Keys(regularizers)) }
