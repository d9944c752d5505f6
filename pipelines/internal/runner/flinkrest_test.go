package runner

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Where a job's parallelism is not given, there are at most as many workers as slots, if Flink's REST interface tells them.
func TestFlinkWorkers(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/overview" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = w.Write([]byte(`{"taskmanagers":3,"slots-total":6,"slots-available":2,"jobs-running":2}`))
	}))
	defer web.Close()
	rest := newFlinkREST(web.URL)
	defer rest.close()
	slots, err := rest.slots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r                    flinkRunner
		workers, parallelism int
	}{
		{flinkRunner{slots: slots}, 6, 0},
		{flinkRunner{slots: slots, parallelism: 4}, 4, 4},
		{flinkRunner{}, 0, 0},
	} {
		if got := c.r.Traits(); got.MaxWorkers != c.workers || got.Parallelism != c.parallelism {
			t.Errorf("%d slots, parallelism %d: %+v", c.r.slots, c.r.parallelism, got)
		}
	}
}
