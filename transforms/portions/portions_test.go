package portions

import (
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

// An element is divided where the DoFn has stopped: nothing of it is lost and nothing comes twice, and a runner that wants to divide it elsewhere cannot.
func TestElements(t *testing.T) {
	var e Elements[string]
	all := e.CreateInitialRestriction("x")
	if got := e.SplitRestriction("x", all); len(got) != 1 || got[0] != all {
		t.Errorf("split into %v", got)
	}
	for done, want := range []int64{0, 1, 2, 3} {
		rt := e.CreateTracker(all)
		for at := range int64(done) {
			if At(rt) != 0 || !rt.TryClaim(at) {
				t.Fatalf("place %d cannot be claimed", at)
			}
		}
		if primary, residual, err := rt.TrySplit(0.5); residual != nil || err != nil || primary != all {
			t.Errorf("divided into %v and %v, %v", primary, residual, err)
		}
		_, residual, err := rt.TrySplit(0)
		if err != nil || residual != (offsetrange.Restriction{Start: want, End: all.End}) || !rt.IsDone() {
			t.Errorf("after %d places %v is left, %v", done, residual, err)
		}
		if rt = e.CreateTracker(residual.(offsetrange.Restriction)); At(rt) != want || rt.IsDone() {
			t.Errorf("what is left begins at %d, want %d", At(rt), want)
		}
		if Done(rt).ShouldResume() || !rt.IsDone() || rt.GetError() != nil {
			t.Errorf("not done: %v", rt.GetError())
		}
	}
}

// Elements that wait for the next bundle come in their order.
func TestPortion(t *testing.T) {
	var p Portion
	p.Add(Bytes - 1)
	if p.Full() {
		t.Error("full too early")
	}
	if p.Add(1); !p.Full() {
		t.Error("never full")
	}
	first, second := p.Later(), p.Later()
	if !first.ShouldResume() || first.ResumeDelay() >= second.ResumeDelay() {
		t.Errorf("delays of %v and %v", first.ResumeDelay(), second.ResumeDelay())
	}
}
