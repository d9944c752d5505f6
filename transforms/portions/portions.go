// Package portions lets a DoFn give on more than an engine takes from one bundle.
//
// Words: a portion is what a DoFn gives on in one bundle.
//
// Beam's Flink runner takes what a bundle gives on into a queue of 100 messages, and empties it when the worker says that the bundle is over: with more the
// worker waits for ever. A task of its batch pipelines has one bundle, unless a splittable DoFn stops in the middle: what is left of
// each element then is the input of another bundle of the same task. So a DoFn whose output grows with its input is splittable where Flink runs it:
//
//	func (f *fn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, e In, emit func(Out)) (sdf.ProcessContinuation, error) {
//		if f.portion.Full() {
//			return f.portion.Later(), nil
//		}
//		...
//		f.portion.Add(bytes)
//		return portions.Done(rt), nil
//	}
//	func (f *fn) FinishBundle(_ context.Context, emit func(Out)) { f.portion = portions.Portion{} }
//
// and embeds Elements, which has the further methods of a splittable DoFn.
//
// Where many of the bytes come to a worker again, Watch sees to it that a worker that dies meanwhile is noticed.
//
// Guarantees, on Flink: elements stay with the task that they came to, so workers that keep something for them keep it. All are worked on in their order.
//
// Other engines take what a bundle gives on as it comes, promise neither, and may begin a step that has a state before all is there: nothing is in portions
// there. The direct runner knows no splittable DoFns.
package portions

import (
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

// Bytes is when a portion is full: 16 of the messages that Beam's Go workers make, which lie in the memory of the engine together.
const Bytes = 64 << 20

// A Portion counts what a DoFn gives on in a bundle. The zero value is that at its beginning.
type Portion struct {
	bytes int
	later time.Duration
}

// Add counts bytes that are given on, or will be at the end of the bundle.
func (p *Portion) Add(bytes int) { p.bytes += bytes }

// Full says whether nothing more should be given on in this bundle.
func (p *Portion) Full() bool { return p.bytes >= Bytes }

// Later leaves the rest of an element to the next bundle. Runners order what is left by the time that it asks for, in seconds; Flink waits for none.
func (p *Portion) Later() sdf.ProcessContinuation {
	p.later += time.Second
	return sdf.ResumeProcessingIn(p.later)
}

// end is beyond all places of an element.
const end = 1 << 62

// At is the first place of an element that is not done.
func At(rt *sdf.LockRTracker) int64 { return rt.GetRestriction().(offsetrange.Restriction).Start }

// Done says that an element is done.
func Done(rt *sdf.LockRTracker) sdf.ProcessContinuation {
	rt.TryClaim(int64(end))
	return sdf.StopProcessing()
}

// Elements are the methods by which Beam divides elements of type T: not at all, but where the DoFn stops. An element has places from 0 on, of which
// the DoFn claims those that are done.
type Elements[T any] struct{}

// CreateInitialRestriction is all places.
func (Elements[T]) CreateInitialRestriction(T) offsetrange.Restriction {
	return offsetrange.Restriction{End: end}
}

// SplitRestriction leaves them together.
func (Elements[T]) SplitRestriction(_ T, r offsetrange.Restriction) []offsetrange.Restriction {
	return []offsetrange.Restriction{r}
}

// RestrictionSize is the same for all.
func (Elements[T]) RestrictionSize(T, offsetrange.Restriction) float64 { return 1 }

// CreateTracker follows what is done.
func (Elements[T]) CreateTracker(r offsetrange.Restriction) *sdf.LockRTracker {
	return sdf.NewLockRTracker(tracker{offsetrange.NewTracker(r)})
}

// A tracker divides an element where the DoFn has stopped, and nowhere else: nobody knows how many places there are.
type tracker struct{ *offsetrange.Tracker }

func (t tracker) TrySplit(fraction float64) (primary, residual any, err error) {
	if fraction > 0 {
		return t.GetRestriction(), nil, nil
	}
	return t.Tracker.TrySplit(0)
}
