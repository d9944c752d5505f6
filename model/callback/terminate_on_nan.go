package callback

import "fmt"

// newTerminateOnNaN makes a fit fail when the training loss is NaN or infinite. Keras looks at the loss of every batch, here it is that of an
// iteration that was scored.
//
// Arguments: raise_error False, which changes nothing: a fit that ends so has failed, and writes no model.
//
// Source: keras/src/callbacks/terminate_on_nan.py.
func newTerminateOnNaN(a *reader) item {
	a.Bool(false, "raise_error")
	return item{begin: func() callback { return terminateOnNaN{} }}
}

type terminateOnNaN struct{}

func (terminateOnNaN) after(m *moment) {
	if loss, _ := m.logs.Get("loss"); !finite(loss) {
		m.Fail = fmt.Sprintf("TerminateOnNaN: the training loss is %v", loss)
	}
}
