package madlib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/pipelines"
)

// Settings are what MADlib's functions have no argument for. A session sets them as parameters of the server whose names begin with
// "beamfit.": SET beamfit.shards = 3.
type Settings struct {
	Shards          int      // 0: one
	Seed            *uint64  // nil: drawn with the session's random(), so that setseed decides
	LabelTypes      []string // "class" or "numeric" per dependent variable
	CheckpointEvery int      // iterations; 0: never
	// ValidationShare of the rows are packed into ValidationOutput and not trained on; nil: none.
	ValidationShare  *float64
	ValidationOutput string
	ArchTable        string // with ModelID, the model that rows are packed for; "": it is not known
	ModelID          int
	Precision        string // of models; "": their own
	GPUMath          string // of calls with use_gpus; "": the default
}

// A setting is one of them: its name, and how its text is read.
type setting struct {
	name string
	use  string
	read func(s *Settings, text string) error
}

var settings = []setting{
	{"beamfit.shards", "number of workers that the buffers of a packed table are meant for; MADlib's segments", func(s *Settings, text string) (err error) {
		s.Shards, err = wholeNumber(text, 1)
		return err
	}},
	{"beamfit.seed", "the same seed gives the same tables; without it setseed() decides", func(s *Settings, text string) error {
		n, err := strconv.ParseUint(text, 10, 64)
		s.Seed = &n
		if err != nil {
			return fmt.Errorf("expected a whole number from 0 on, found %q", text)
		}
		return nil
	}},
	{"beamfit.label_type", "class or numeric, per dependent variable or once for all, separated by commas", func(s *Settings, text string) error {
		for _, t := range strings.Split(text, ",") {
			s.LabelTypes = append(s.LabelTypes, strings.TrimSpace(t))
		}
		return nil
	}},
	{"beamfit.validation_share", "share of the rows that training_preprocessor_dl holds out of the training rows", func(s *Settings, text string) error {
		x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		s.ValidationShare = &x
		if err != nil {
			return fmt.Errorf("expected a number between 0 and 1, found %q", text)
		}
		return nil
	}},
	{"beamfit.validation_output", "packed table that training_preprocessor_dl makes of the rows that it holds out", func(s *Settings, text string) error {
		s.ValidationOutput = text
		return nil
	}},
	{"beamfit.arch_table", "architecture table of the model that training_preprocessor_dl packs rows for, whose layers say what becomes of text", func(s *Settings, text string) error {
		s.ArchTable = text
		return nil
	}},
	{"beamfit.model_id", "model_id of that model in beamfit.arch_table", func(s *Settings, text string) (err error) {
		s.ModelID, err = wholeNumber(text, 1)
		return err
	}},
	{"beamfit.precision", "float32 or mixed_bfloat16, the dtype policy of all layers in the place of the model's", func(s *Settings, text string) error {
		s.Precision = text
		return pipelines.CheckPrecision(text)
	}},
	{"beamfit.gpu_math", "float32, tf32x3 or tf32: how GPUs multiply in calls with use_gpus", func(s *Settings, text string) error {
		s.GPUMath = text
		return pipelines.CheckGPUMath(text)
	}},
	{"beamfit.checkpoint_every", "iterations from one checkpoint of madlib_keras_fit to the next", func(s *Settings, text string) (err error) {
		s.CheckpointEvery, err = wholeNumber(text, 1)
		return err
	}},
}

func wholeNumber(text string, least int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < least {
		return 0, fmt.Errorf("expected a whole number from %d on, found %q", least, text)
	}
	return n, nil
}

// SettingNames are the names of the settings.
func SettingNames() []string {
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.name
	}
	return names
}

// ReadSettings reads the values of the settings, in the order of SettingNames; "" is one that is not set.
func ReadSettings(values []string, defaults Settings) (Settings, error) {
	s := defaults
	for i, text := range values {
		if text == "" {
			continue
		}
		if err := settings[i].read(&s, text); err != nil {
			return s, invalid("parameter %s: %v", settings[i].name, err)
		}
	}
	return s, nil
}
