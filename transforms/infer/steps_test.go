package infer

import "testing"

// An array of classes has their texts, quoted as SQL does, and NULL for that of NULL.
func TestClassesOfSteps(t *testing.T) {
	a, b := "a", "b, c"
	values := []float32{0.1, 0.9, 0.5, 0.25, 1, 0, 0.5, 0.5}
	for _, c := range []struct {
		out  Output
		want string
	}{
		{Output{Numbers: 8, Shape: []int{4}, Classes: []*string{&a, &b}}, `{"b, c",a,a,a}`},
		{Output{Numbers: 8, Shape: []int{2, 2}, Classes: []*string{nil, &b}}, `{{"b, c",NULL},{NULL,NULL}}`},
		{Output{Numbers: 8, Shape: []int{8}, Classes: []*string{&a, &b}, Second: true}, `{a,"b, c",a,a,"b, c",a,a,a}`},
	} {
		if got := c.out.Label(values); got != c.want || c.out.Width() != 8 {
			t.Errorf("%s, %d wide, want %s", got, c.out.Width(), c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	values := []float32{0.1, 0.9, 0.5, 0.25, 1, 0, 0.5, 0.5}
	for _, c := range []struct {
		shape []int
		want  string
	}{
		{[]int{2, 4}, "{{0.1,0.9,0.5,0.25},{1,0,0.5,0.5}}"},
		{[]int{2, 2, 2}, "{{{0.1,0.9},{0.5,0.25}},{{1,0},{0.5,0.5}}}"},
		{[]int{4}, "{1,0,0,0}"},
		{[]int{2, 1}, "{{1},{0}}"},
	} {
		if got := (Output{Numbers: 8, Shape: c.shape}).Label(values); got != c.want {
			t.Errorf("shape %v: %s, want %s", c.shape, got, c.want)
		}
	}
}
