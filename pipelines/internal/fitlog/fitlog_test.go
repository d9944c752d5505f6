package fitlog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/params"
)

// The files of CSVLogger are those of Keras, byte by byte: the cases of model/callback/testdata that have one.
func TestCSVIsThatOfKeras(t *testing.T) {
	text, err := os.ReadFile("../../../model/callback/testdata/keras.json")
	if err != nil {
		t.Fatal(err)
	}
	var keras struct {
		Rate  float64
		Names []string
		Cases []struct {
			Callbacks, CSV string
			Logs           [][]any
			Rates          []float64
		}
	}
	if err := json.Unmarshal(text, &keras); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, c := range keras.Cases {
		if c.CSV == "" || strings.Contains(c.Callbacks, "Scheduler") { // whose rates Keras computes in float32
			continue
		}
		compared++
		fit, err := params.ParseFit("callbacks=[" + c.Callbacks + "]")
		if err != nil {
			t.Fatal(err)
		}
		list, err := callback.New(fit.Callbacks, callback.Model{
			Metrics:    []callback.Metric{{Name: "accuracy"}, {Name: "auc"}, {Name: "true_positives", Better: metric.Neither}},
			Validation: true, Rate: keras.Rate, Settable: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		files := list.Files()
		log, err := Open(files[0].Callback, Options{Below: dir})
		if err != nil {
			t.Fatal(err)
		}
		run := list.Begin()
		for epoch, row := range c.Logs[:len(c.Rates)] {
			if _, err := run.Before(epoch + 1); err != nil {
				t.Fatal(err)
			}
			var logs callback.Logs
			for k, v := range row {
				x, isNumber := v.(float64)
				if !isNumber {
					x, _ = strconv.ParseFloat(v.(string), 64)
				}
				logs = append(logs, callback.Value{Name: keras.Names[k], Value: x})
			}
			out := run.After(epoch+1, logs)
			if err := log.Write(Entry{Iteration: epoch + 1, Logs: out.Logged[files[0].Index]}); err != nil {
				t.Fatal(err)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "log.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.CSV {
			t.Errorf("case %d, %s:\n%s\nKeras:\n%s", i, c.Callbacks, got, c.CSV)
		}
	}
	if compared < 20 {
		t.Errorf("%d files compared", compared)
	}
}

// A file is replaced, added to, or gone on with.
func TestCSVOfAnEarlierFit(t *testing.T) {
	const before = "epoch,loss,val_loss\r\n0,1.0,NA\r\n1,2.0,NA\r\n2,3.0,NA\r\n"
	for name, c := range map[string]struct {
		before string
		append bool
		after  int
		want   string
	}{
		"replaced":           {before, false, 0, "epoch,loss,val_loss\r\n0,0.5,NA\r\n"},
		"added to":           {before, true, 0, before + "0,0.5,NA\r\n"},
		"added to an empty":  {"", true, 0, "epoch,loss,val_loss\r\n0,0.5,NA\r\n"},
		"gone on with":       {before, false, 1, "epoch,loss,val_loss\r\n0,1.0,NA\r\n1,0.5,NA\r\n"},
		"a row cut in two":   {before[:len(before)-4], true, 2, "epoch,loss,val_loss\r\n0,1.0,NA\r\n1,2.0,NA\r\n2,0.5,NA\r\n"},
		"gone since":         {"", true, 2, "epoch,loss,val_loss\r\n2,0.5,NA\r\n"},
		"another fit before": {before + before, true, 1, before + "epoch,loss,val_loss\r\n0,1.0,NA\r\n1,0.5,NA\r\n"},
	} {
		file := filepath.Join(t.TempDir(), "log.csv")
		if err := os.WriteFile(file, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(callback.CSVLogger{Filename: file, Separator: ',', Append: c.append}, Options{After: c.after})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Write(Entry{Iteration: c.after + 1, Logs: callback.Logs{{Name: "loss", Value: 0.5}}}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Numbers are written as Python writes them.
func TestFloatText(t *testing.T) {
	for text, v := range map[string]float64{
		"0.0": 0, "1.0": 1, "0.1": 0.1, "-2.5": -2.5, "1e-05": 1e-5, "0.0001": 1e-4, "1e+16": 1e16, "1234567.0": 1234567, "1.5e-07": 1.5e-7,
		"0.10000000149011612": float64(float32(0.1)),
	} {
		if got := floatText(v); got != text {
			t.Errorf("%v is %q, want %q", v, got, text)
		}
	}
}

// Nothing is written outside of the folder that is allowed.
func TestBelow(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []any{
		callback.CSVLogger{Filename: filepath.Join(outside, "log.csv"), Separator: ','},
		callback.CSVLogger{Filename: "../log.csv", Separator: ','},
		callback.CSVLogger{Filename: "link/log.csv", Separator: ','},
		callback.TensorBoard{Dir: "link/board"},
		callback.TensorBoard{Dir: ".."},
		callback.TensorBoard{Dir: outside},
		callback.TensorBoard{Dir: filepath.Join(dir, "link", "board")},
		callback.TensorBoard{Dir: dir + "side"},
		callback.CSVLogger{Filename: filepath.Join(dir, "..", "log.csv"), Separator: ','},
	} {
		if l, err := Open(c, Options{Below: dir}); err == nil {
			t.Errorf("%+v is opened", c)
			_ = l.Close()
		}
	}
	if found, _ := filepath.Glob(filepath.Join(outside, "*")); len(found) > 0 {
		t.Errorf("written: %q", found)
	}
}

// Names inside of the folder are relative to it, or absolute.
func TestInside(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(filepath.Dir(dir))
	for _, below := range []string{dir, filepath.Base(dir)} {
		for _, c := range []any{
			callback.TensorBoard{Dir: "logs/fit"},
			callback.TensorBoard{Dir: filepath.Join(dir, "logs", "absolute")},
			callback.CSVLogger{Filename: filepath.Join(dir, "logs", "log.csv"), Separator: ','},
		} {
			l, err := Open(c, Options{Below: below})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, made := range []string{"logs/fit/train", "logs/absolute/train", "logs/log.csv"} {
		if _, err := os.Stat(filepath.Join(dir, made)); err != nil {
			t.Error(err)
		}
	}
}

// Whatever a file holds, going on with it leaves a beginning of it and adds a row.
func FuzzCSVGoOn(f *testing.F) {
	f.Add([]byte("epoch,loss\r\n0,1.0\r\n1,2.0\r\n"), 1)
	f.Add([]byte("0,1\n5"), 3)
	f.Add([]byte("\n\n\r\n,"), 2)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, before []byte, after int) {
		if after < 0 {
			return
		}
		file := filepath.Join(t.TempDir(), "log.csv")
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(callback.CSVLogger{Filename: file, Separator: ',', Append: true}, Options{After: after})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Write(Entry{Iteration: after + 1, Logs: callback.Logs{{Name: "loss", Value: 0.5}}}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kept, row := strings.TrimSuffix(string(got), strconv.Itoa(after)+",0.5,NA\r\n"), strconv.Itoa(after)+",0.5,NA\r\n"
		kept = strings.TrimSuffix(kept, "epoch,loss,val_loss\r\n")
		if !strings.HasSuffix(string(got), row) || !strings.HasPrefix(string(before), kept) {
			t.Errorf("%q after iteration %d became %q", before, after, got)
		}
	})
}
