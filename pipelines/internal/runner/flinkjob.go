package runner

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A flinkJob is a job of a job service in front of Flink. What Flink itself knows of it comes from its REST interface, where that is
// given.
type flinkJob struct {
	ended
	*serviceJob
	rest *flinkREST // nil: not known

	mu           sync.Mutex
	finished, of int // tasks
}

// followFlink follows a job to its end.
func followFlink(s *serviceJob, rest *flinkREST) *flinkJob {
	j := &flinkJob{ended: newEnded(), serviceJob: s, rest: rest}
	go j.follow()
	return j
}

// follow waits for the end that comes first: the job service asks Flink at intervals that double, up to two seconds, and so hears of a
// success after half of the time again that the job took. It alone knows why a job has failed.
func (j *flinkJob) follow() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	finished := make(chan struct{})
	if j.rest != nil {
		go func() {
			if j.untilFinished(ctx) {
				close(finished)
			}
		}()
	}
	select {
	case <-finished:
		j.end(nil)
	case <-j.serviceJob.done:
		j.end(*j.serviceJob.err)
	}
}

const (
	// Flink is asked after leastPoll, and then when a twentieth of the job's time has gone by again, at the latest after mostPoll.
	leastPoll, mostPoll = 20 * time.Millisecond, 500 * time.Millisecond
	// tasksEvery is how often Flink is asked for the job's tasks.
	tasksEvery = time.Second
)

// untilFinished reports that Flink has finished the job. Whatever else becomes of it, and of Flink, is the job service's to tell.
func (j *flinkJob) untilFinished(ctx context.Context) bool {
	begun, asked := time.Now(), time.Time{}
	var id string
	for {
		select {
		case <-time.After(min(max(leastPoll, time.Since(begun)/20), mostPoll)):
		case <-ctx.Done():
			return false
		}
		var state string
		if id == "" || time.Since(asked) > tasksEvery {
			asked = time.Now()
			jobs, err := j.rest.jobs(ctx, j.name)
			if err != nil || len(jobs) == 0 {
				continue
			}
			id, state = jobs[0].ID, jobs[0].State
			j.mu.Lock()
			j.finished, j.of = jobs[0].Tasks.Finished, jobs[0].Tasks.Total
			j.mu.Unlock()
		} else if s, err := j.rest.state(ctx, id); err == nil {
			state = s
		}
		if state == "FINISHED" {
			return true
		}
	}
}

// Tasks are those of Flink: the job service knows nothing before the end.
func (j *flinkJob) Tasks() (ended, all int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.finished, j.of
}

// Counters waits for the job service, which has them when it knows that the job has ended.
func (j *flinkJob) Counters(ctx context.Context) (map[string]int64, error) {
	if j.over() {
		_ = j.serviceJob.Wait(ctx)
	}
	return j.serviceJob.Counters(ctx)
}

// Cancel asks Flink itself where it can: for the job service a job is over when it is told to cancel it, and Flink goes on.
func (j *flinkJob) Cancel(ctx context.Context) error {
	if j.over() {
		return nil
	}
	var err error
	if j.rest != nil {
		err = j.rest.cancel(ctx, j.name)
	}
	return errors.Join(err, j.serviceJob.Cancel(ctx))
}
