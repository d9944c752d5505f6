package job

import "testing"

// The workers of an engine share the connections of the store, as far as it is known how many there are.
func TestShareConnections(t *testing.T) {
	for _, c := range []struct {
		options            map[string]string
		perTask, wantReads int
		wantMost           int
	}{
		{nil, 2, 48, 24},
		{map[string]string{"parallelism": "4"}, 3, 12, 4},
		{map[string]string{"parallelism": "4"}, 0, 12, 0},
		{map[string]string{"max_num_workers": "1000"}, 2, 1, 1},
	} {
		j := &Job{Options: Options{RunnerOptions: c.options, Connections: c.perTask}}
		j.shareConnections()
		if j.RunRef.Connections != c.wantReads || j.RunRef.MostWorkers != c.wantMost {
			t.Errorf("%v, %d per task: %d connections, %d workers, want %d and %d",
				c.options, c.perTask, j.RunRef.Connections, j.RunRef.MostWorkers, c.wantReads, c.wantMost)
		}
	}
}
