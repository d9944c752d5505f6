package runner

import (
	"net/http"
	"net/http/httptest"
	"strings"
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

// No error of Flink's REST interface shows the password of its URL.
func TestFlinkPassword(t *testing.T) {
	answer := func(code int, text string) string {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "me" || password != "hunter22" {
				t.Errorf("asked by %q with %q", user, password)
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(text))
		}))
		t.Cleanup(web.Close)
		return web.Listener.Addr().String()
	}
	for address, want := range map[string]string{
		"127.0.0.1:1":         "connection refused",
		answer(200, "{}"):     "it tells no version",
		answer(200, "<html>"): "is not Flink's",
		answer(502, ""):       "502 Bad Gateway",
	} {
		rest := newFlinkREST("http://me:hunter22@" + address + "/")
		defer rest.close()
		err := rest.check(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "http://me:xxxxx@"+address) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}
