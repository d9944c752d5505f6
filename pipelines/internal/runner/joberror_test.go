package runner

import "testing"

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"java.lang.Exception: out\n\tat x.Y(Z.java:1)": "java.lang.Exception: out",
		// As Flink writes it: the SDK's message with the plan, and the stack of the Java side behind.
		"java.lang.RuntimeException: Error received from SDK harness: process bundle failed for instruction 3 using plan 1 : " +
			"while executing Process for Plan[1]:\n4: ParDo[main.f] Out:[1]\n\tcaused by:\nDoFn[UID:4, PID:e3, Name: main.f] failed:\nrow 4 is bad\nsecond line\n\tat org.apache.X(Y.java:3)": "row 4 is bad\nsecond line",
		// A job that was begun again says it twice: the last one counts.
		"DoFn[UID:1] failed:\nfirst\nDoFn[UID:1] failed:\nsecond": "second",
	} {
		if got := Reason(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMeaning(t *testing.T) {
	for text, want := range map[string]string{
		"java.util.concurrent.TimeoutException: Timeout has occurred: 20000 ms": "the cluster has no free slot for every subtask: lower --parallelism, or wait for other jobs",
		"StatusRuntimeException: CANCELLED: client cancelled":                   workerDied,
		"DoFn[UID:1] failed:\nrow 4: Timeout has occurred":                      "",
		"something else": "",
	} {
		if got := meaningOf(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	e := &JobError{Name: "fit", ID: "7", State: "FAILED", Text: "Record too large"}
	if want := "job fit (7) failed: Record too large; the TaskManagers need more managed memory, or fewer slots"; e.Error() != want {
		t.Errorf("got %q, want %q", e.Error(), want)
	}
}
