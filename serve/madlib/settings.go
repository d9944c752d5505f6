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
	Shards     int      // 0: one, or as many as a table of distribution_rules says
	Seed       *uint64  // nil: drawn with the session's random(), so that setseed decides
	LabelTypes []string // "class" or "numeric" per dependent variable
	// ValidationShare of the rows are packed into ValidationOutput and not trained on; nil: none.
	ValidationShare  *float64
	ValidationOutput string
	Weight           string // column with the weights of the rows; "": none
	ArchTable        string // with ModelID, the model that rows are packed for; "": it is not known
	ModelID          int
	Precision        string // of models; "": their own
	GPUMath          string // of calls with use_gpus; "": the default
	// Fit are the options of madlib_keras_fit that have a setting of their own: those about checkpoints, and about when shards meet.
	Fit pipelines.FitOptions
}

// A setting is one of them: its name, the flag of beamfit's commands that is the same, and how its text is read.
type setting struct {
	name string
	flag string
	use  string
	read func(s *Settings, text string) error
}

var settings = []setting{
	{"beamfit.shards", "--shards", "number of workers that the buffers of a packed table are meant for; MADlib's segments", func(s *Settings, text string) (err error) {
		s.Shards, err = wholeNumber(text, 1)
		return err
	}},
	{"beamfit.seed", "--seed", "the same seed gives the same tables; without it setseed() decides", func(s *Settings, text string) error {
		n, err := strconv.ParseUint(text, 10, 64)
		s.Seed = &n
		if err != nil {
			return fmt.Errorf("expected a whole number from 0 on, found %q", text)
		}
		return nil
	}},
	{"beamfit.label_type", "--label-type", "class or numeric, per dependent variable or once for all, separated by commas", func(s *Settings, text string) error {
		for _, t := range strings.Split(text, ",") {
			s.LabelTypes = append(s.LabelTypes, strings.TrimSpace(t))
		}
		return nil
	}},
	{"beamfit.validation_share", "--validation-share", "share of the rows that training_preprocessor_dl holds out of the training rows", func(s *Settings, text string) error {
		return decimal(&s.ValidationShare, text)
	}},
	{"beamfit.validation_output", "--validation-output", "packed table that training_preprocessor_dl makes of the rows that it holds out", func(s *Settings, text string) error {
		s.ValidationOutput = text
		return nil
	}},
	{"beamfit.weight", "--weight", "column with the weight of each row, which the preprocessors pack beside it: Keras' sample_weight", func(s *Settings, text string) error {
		s.Weight = text
		return nil
	}},
	{"beamfit.arch_table", "--arch", "architecture table of the model that training_preprocessor_dl packs rows for, whose layers say what becomes of text", func(s *Settings, text string) error {
		s.ArchTable = text
		return nil
	}},
	{"beamfit.model_id", "--id", "model_id of that model in beamfit.arch_table", func(s *Settings, text string) (err error) {
		s.ModelID, err = wholeNumber(text, 1)
		return err
	}},
	{"beamfit.precision", "--precision", "float32 or mixed_bfloat16, the dtype policy of all layers in the place of the model's", func(s *Settings, text string) error {
		s.Precision = text
		return pipelines.CheckPrecision(text)
	}},
	{"beamfit.gpu_math", "--gpu-math", "float32, tf32x3 or tf32: how GPUs multiply in calls with use_gpus", func(s *Settings, text string) error {
		s.GPUMath = text
		return pipelines.CheckGPUMath(text)
	}},
	{"beamfit.checkpoint_every", "--checkpoint-every", "iterations from one checkpoint of madlib_keras_fit to the next", func(s *Settings, text string) (err error) {
		s.Fit.CheckpointEvery, err = wholeNumber(text, 1)
		return err
	}},
	{"beamfit.sync", "--sync", "auto: madlib_keras_fit chooses warm_up_passes and says so; it averages once per iteration", func(s *Settings, text string) error {
		s.Fit.Sync = text
		return pipelines.FitOptions{Sync: text}.CheckRounds()
	}},
	{"beamfit.sync_every", "--sync-every", "steps of the segments from one average of the weights to the next, or pass: after the passes of an iteration", func(s *Settings, text string) (err error) {
		if s.Fit.SyncEvery = 0; text == "pass" {
			return nil
		}
		if s.Fit.SyncEvery, err = wholeNumber(text, 1); err != nil {
			return fmt.Errorf("expected pass, or a whole number from 1 on, found %q", text)
		}
		return nil
	}},
	{"beamfit.warm_up_passes", "--warm-up-passes", "passes at the beginning that train segment after segment, as one would, and average nothing", func(s *Settings, text string) (err error) {
		s.Fit.WarmUpPasses, err = wholeNumber(text, 0)
		return err
	}},
	{"beamfit.outer_rule", "--outer", "average, slowmo or nesterov: what follows the average of the weights", func(s *Settings, text string) error {
		s.Fit.Outer = text
		return pipelines.FitOptions{Outer: text}.CheckRounds()
	}},
	{"beamfit.outer_momentum", "--outer-momentum", "momentum of slowmo and nesterov", func(s *Settings, text string) error {
		return decimal(&s.Fit.OuterMomentum, text)
	}},
	{"beamfit.outer_rate", "--outer-rate", "rate of slowmo and nesterov", func(s *Settings, text string) error {
		return decimal(&s.Fit.OuterRate, text)
	}},
	{"beamfit.inner_state", "--inner-state", "keep or reset: what the segments' optimizers remember after an average", func(s *Settings, text string) error {
		s.Fit.InnerState = text
		return pipelines.FitOptions{InnerState: text}.CheckRounds()
	}},
	{"beamfit.moving", "--moving", "average, pooled or recompute: the moving statistics of batch normalisation", func(s *Settings, text string) error {
		s.Fit.Moving = text
		return pipelines.FitOptions{Moving: text}.CheckRounds()
	}},
	{"beamfit.average_tail", "--average-tail", "ema or swa: average of the weights of the last quarter of the iterations", func(s *Settings, text string) error {
		s.Fit.AverageTail = text
		return pipelines.FitOptions{AverageTail: text}.CheckRounds()
	}},
	{"beamfit.steps", "--steps", "local or global: whose steps learning-rate schedules count", func(s *Settings, text string) error {
		s.Fit.Steps = text
		return pipelines.FitOptions{Steps: text}.CheckRounds()
	}},
}

func decimal(value **float64, text string) error {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if *value = &x; err != nil {
		return fmt.Errorf("expected a number, found %q", text)
	}
	return nil
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
