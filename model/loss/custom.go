package loss

import (
	"fmt"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/params"
)

// Custom is a person's own loss for rows whose labels and output have a shape. The arguments of the call are the function's parameters
// beside labels and output. Metrics are made like it (see package metric), so a loss without a gradient is refused by whoever trains.
//
// Its value per row and its gradient are those of float32 operations, one after the other.
func Custom(f *expr.Function, call params.Call, shape []int) (*Loss, error) {
	a := params.NewArgs(call)
	a.Order(f.Arguments()...)
	given := map[string]float64{}
	for _, name := range f.Arguments() {
		if !a.Has(name) {
			continue
		}
		if b, ok := a.Value(name).(bool); ok && f.IsBoolean(name) {
			if given[name] = 0; b {
				given[name] = 1
			}
			continue
		}
		given[name] = a.Float(0, name)
	}
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("function %s: %w", f.Name, err)
	}
	p, err := f.Bind(shape, shape, given)
	if err != nil {
		return nil, err
	}
	return &Loss{Name: f.Name, Program: p, TwoClasses: true, WholeBatch: p.WholeBatch}, nil
}
