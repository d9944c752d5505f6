package job

// A Step is one of a pipeline, of which DoFns tell how far it is (bundle.Run.Advance).
type Step struct {
	Name, Unit string
	Units      int64 // all that it has
}

// Totals are the units of steps, as Pipeline takes them.
func Totals(steps []Step) map[string]int64 {
	totals := map[string]int64{}
	for _, s := range steps {
		totals[s.Name] = s.Units
	}
	return totals
}

// TellDone tells that the steps of a pipeline are done, which has ended well. Only workers of other processes need it: nobody hears of
// theirs before.
func (j *Job) TellDone(steps []Step) {
	if !j.Remote {
		return
	}
	for _, s := range steps {
		j.Progress(s.Name, s.Unit, s.Units, s.Units)
	}
}
