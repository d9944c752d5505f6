package callback

import "unicode/utf8"

// A CSVLogger writes a file with a row of logs per iteration that was scored.
//
// Arguments: filename, separator ',', append False.
//
// Source: keras/src/callbacks/csv_logger.py.
type CSVLogger struct {
	Filename  string
	Separator rune
	// Append adds to a file that exists, else it is replaced.
	Append bool
}

func newCSVLogger(a *reader) item {
	c := CSVLogger{Filename: a.Text("", "filename"), Append: a.Bool(false, "append")}
	if c.Filename == "" {
		a.Failf("argument filename is missing")
	}
	separator := a.Text(",", "separator")
	r, size := utf8.DecodeRuneInString(separator)
	if size != len(separator) || r == '"' || r == '\r' || r == '\n' || r == 0 || r == utf8.RuneError {
		a.Failf("argument separator must be one character, and no quote, found %q", separator)
	}
	c.Separator = r
	return item{file: c, begin: func() callback { return csvLogger{} }}
}

type csvLogger struct{}

func (csvLogger) after(m *moment) { m.log(m.logs) }
