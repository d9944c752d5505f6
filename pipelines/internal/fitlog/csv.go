package fitlog

import (
	"bytes"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/model/callback"
)

// A csvLog is a file with a row per entry. The header has the names of the first entry's logs, sorted, and where there are no
// values of validation their names behind them, as Keras does; a value that is missing is NA. Lines end with \r\n, as Python's do.
type csvLog struct {
	file      *os.File
	separator string
	header    bool // still to be written
	names     []string
}

func openCSV(c callback.CSVLogger, o Options) (*csvLog, error) {
	at, err := o.place()
	if err != nil {
		return nil, err
	}
	defer at.close()
	flag := os.O_RDWR | os.O_CREATE
	if !c.Append && o.After == 0 {
		flag |= os.O_TRUNC
	}
	file, err := at.open(c.Filename, flag)
	if err != nil {
		return nil, err
	}
	l := &csvLog{file: file, separator: string(c.Separator)}
	if err := l.goOn(o.After); err != nil {
		_ = file.Close()
		return nil, err
	}
	return l, nil
}

// goOn goes to the end of the file, and takes the rows at its end away that are of iterations after the given one, which are trained
// again; none where that is 0, since the rows are of other fits then.
func (l *csvLog) goOn(after int) error {
	if after == 0 {
		size, err := l.file.Seek(0, io.SeekEnd)
		l.header = size == 0
		return err
	}
	text, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	for len(text) > 0 {
		start := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
		first, _, _ := strings.Cut(string(text[start:]), l.separator)
		epoch, err := strconv.Atoi(first)
		if whole := text[len(text)-1] == '\n'; whole && (err != nil || epoch < after) {
			break
		}
		text = text[:start]
	}
	l.header = len(text) == 0
	if err := l.file.Truncate(int64(len(text))); err != nil {
		return err
	}
	_, err = l.file.Seek(int64(len(text)), io.SeekStart)
	return err
}

func (l *csvLog) Write(e Entry) error {
	var b strings.Builder
	row := func(first string, rest []string) {
		b.WriteString(first)
		for _, s := range rest {
			b.WriteString(l.separator + l.quoted(s))
		}
		b.WriteString("\r\n")
	}
	if l.names == nil {
		l.names = namesOf(e.Logs)
		if l.header {
			row("epoch", l.names)
		}
	}
	values := make([]string, len(l.names))
	for i, name := range l.names {
		values[i] = "NA"
		if v, ok := e.Logs.Get(name); ok {
			values[i] = floatText(v)
		}
	}
	row(strconv.Itoa(e.epoch()), values)
	_, err := l.file.WriteString(b.String())
	return err
}

// quoted is a value in quotes, where it has the separator or other quotes.
func (l *csvLog) quoted(s string) string {
	if !strings.Contains(s, l.separator) && !strings.ContainsAny(s, "\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// namesOf are the columns behind the epoch.
func namesOf(logs callback.Logs) []string {
	names := []string{}
	for _, v := range logs {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "val_") }) {
		return names
	}
	for _, n := range slices.Clone(names) {
		names = append(names, "val_"+n)
	}
	return names
}

func (l *csvLog) Close() error { return l.file.Close() }

// floatText is a number as Python prints it.
func floatText(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)), "+")
	}
	if exponent := math.Abs(v); exponent != 0 && (exponent < 1e-4 || exponent >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
