package serve

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/madlib"
)

// The bounds of a statement that calls functions. All evaluated arguments are kept until its last job has run.
const (
	mostJobs      = 10_000
	mostArguments = 256 << 20 // bytes, but for the first row, which may hold what the server can send at most: the weights of a model
)

// The memory of a row beside its values, and of a value beside its bytes.
const (
	rowOverhead   = 100
	valueOverhead = 24
)

// A capture is an answer that is kept.
type capture struct {
	fields   []pgproto3.FieldDescription
	rows     [][][]byte
	mostRows int // 0: no bound
	bytes    int
	excess   *madlib.Error           // why rows are not kept any more
	err      *pgproto3.ErrorResponse // of a hidden message
}

// newArguments is a capture for the arguments of a call.
func (c *call) newArguments() *capture { return &capture{mostRows: max(1, mostJobs/len(c.list))} }

func (c *capture) describe(body []byte) error {
	var d pgproto3.RowDescription
	if err := d.Decode(body); err != nil {
		return err
	}
	c.fields = d.Fields
	for i := range c.fields {
		c.fields[i].Name = slices.Clone(c.fields[i].Name)
	}
	return nil
}

// row keeps a row, or notes why it does not.
func (c *capture) row(body []byte) error {
	var d pgproto3.DataRow
	if err := d.Decode(body); err != nil {
		return err
	}
	c.bytes += len(body) + rowOverhead + valueOverhead*len(d.Values)
	switch {
	case c.mostRows == 0 || len(c.rows) == 0:
	case len(c.rows) == c.mostRows:
		c.exceed(fmt.Sprintf("the statement makes more than %d calls of functions, one for each row and function", mostJobs))
		return nil
	case c.bytes > mostArguments:
		c.exceed(fmt.Sprintf("the arguments of the statement's calls take more than %d MB", mostArguments>>20))
		return nil
	}
	c.rows = append(c.rows, slices.Clone(d.Values))
	return nil
}

func (c *capture) exceed(message string) {
	c.rows = nil
	c.excess = &madlib.Error{Code: "54000", Message: message, Hint: "Make it several statements."}
}
