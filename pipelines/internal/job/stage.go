package job

// A Stage is one of a pipeline, of which DoFns tell how far it is (bundle.Run.Advance).
type Stage struct {
	Name, Unit string
	Units      int64 // all that it has
}

// Totals are the units of stages, as Pipeline takes them.
func Totals(stages []Stage) map[string]int64 {
	totals := map[string]int64{}
	for _, s := range stages {
		totals[s.Name] = s.Units
	}
	return totals
}

// TellDone tells that the stages of a pipeline are done, which has ended well. Only workers of other processes need it: nobody hears of
// theirs before.
func (j *Job) TellDone(stages []Stage) {
	if !j.Remote {
		return
	}
	for _, s := range stages {
		j.Progress(s.Name, s.Unit, s.Units, s.Units)
	}
}
