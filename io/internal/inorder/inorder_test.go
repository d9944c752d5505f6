package inorder

import (
	"errors"
	"testing"
	"time"
)

func TestQueue(t *testing.T) {
	q := &Queue[int]{most: 3}
	odd := errors.New("odd")
	taken := 0
	take := func() {
		n, err := q.Take()
		if n != taken || (taken%2 == 1) != errors.Is(err, odd) {
			t.Errorf("result %d is %d, %v", taken, n, err)
		}
		taken++
	}
	for i := range 10 {
		if q.Full() != (i >= 3) {
			t.Errorf("full before piece %d: %v", i, q.Full())
		}
		if q.Full() {
			take()
		}
		q.Begin(func() (int, error) {
			time.Sleep(time.Duration(10-i) * time.Millisecond) // the later, the sooner
			if i%2 == 1 {
				return i, odd
			}
			return i, nil
		})
	}
	for !q.Empty() {
		take()
	}
	if taken != 10 || New[int]().Full() {
		t.Errorf("%d results", taken)
	}
}
