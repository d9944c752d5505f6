package exchange

// A Progress is told how many rows of a stage are done, and of how many; 0: that is not known. nil: nobody is told.
type Progress func(stage string, done, total int64)

func (p Progress) tell(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

// looked tells of rows that are read to find the columns and their types.
func (p Progress) looked(rows int64) { p.tell("looking for types", rows, 0) }
