package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
)

// TestCallsText: the description of a cut training step is known.
func TestCallsText(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":5,"activation":"relu"}},
		{"class_name":"Dense","config":{"name":"d2","units":3}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	mse, _ := loss.ByName("mse")
	adam, err := optimizer.New(params.Call{Name: "adam"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Build(spec, graph.Options{Batch: 2, Whole: 4, Training: true, Losses: []*loss.Loss{mse}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(g, stub{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSplit(spec, []*Plan{p, p}, adam, 2)
	var b strings.Builder
	for _, c := range s.Calls(spec) {
		fmt.Fprintln(&b, c.Stage, c.Count, c.Operation, c.Reads, c.Writes, c.Bytes, c.FLOP)
	}
	want := `1 2 dense [batch+0[2x4] d1/kernel[4x5] d1/bias[5]] [work+0[2x5]] 344 160
1 2 dense [work+0[2x5] d2/kernel[5x3] d2/bias[3]] [work+32[2x3]] 272 120
1 2 loss.grad [work+32[2x3] batch+16[2x3] batch+32[2]] [work+32[2x3]] 160 0
1 2 dense.dx [work+32[2x3] d2/kernel[5x3]] [work+16[2x5]] 248 120
1 2 dense.dw [work+0[2x5] work+32[2x3]] [gradient of d2/kernel[5x3]] 248 120
1 2 bias.grad [work+32[2x3]] [gradient of d2/bias[3]] 72 0
1 2 activation.grad [work+0[2x5] work+16[2x5]] [work+16[2x5]] 240 0
1 2 dense.dw [batch+0[2x4] work+16[2x5]] [gradient of d1/kernel[4x5]] 304 160
1 2 bias.grad [work+16[2x5]] [gradient of d1/bias[5]] 120 0
2 2 add [gradient of d1/kernel to d2/kernel[32] gradient of d1/kernel to d2/kernel in slice 2[32]] [gradient of d1/kernel to d2/kernel[32]] 516 0
2 2 update [gradient of d1/kernel to d2/kernel[32]] [d1/kernel to d2/kernel[32] slot 1 of d1/kernel to d2/kernel[32] slot 2 of d1/kernel to d2/kernel[32]] 688 0
`
	if got := b.String(); got != want {
		t.Errorf("calls\n%swant\n%s", got, want)
	}
}

// TestSplitPlaces: slices have places of their own but for weights, and the parts of the sum together cover every gradient once.
func TestSplitPlaces(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,100],"units":300}},
		{"class_name":"Dense","config":{"name":"d2","units":7,"trainable":false}},
		{"class_name":"Dense","config":{"name":"d3","units":9}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	mse, _ := loss.ByName("mse")
	var plans []*Plan
	for _, rows := range []int{3, 3, 4} {
		g, err := graph.Build(spec, graph.Options{Batch: rows, Whole: 10, Training: true, Losses: []*loss.Loss{mse}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(g, stub{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	for _, text := range []string{"'adam'", "Adam(clipnorm=1)"} {
		compile, err := params.ParseCompile("loss='mse', optimizer=" + text)
		if err != nil {
			t.Fatal(err)
		}
		opt, err := optimizer.New(compile.Optimizer)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSplit(spec, plans, opt, 4)
		owner := map[string]int{} // place -> slice that wrote it
		for k, p := range s.Slices {
			for i := range p.Instrs {
				in := &p.Instrs[i]
				for _, r := range append(slices.Clone(in.Side), in.Out, in.Scratch) {
					if r.Space == Weights && r.Len > 0 {
						t.Errorf("slice %d writes %v", k, r)
					}
					for at := r.Off; at < r.Off+r.Len; at++ {
						key := fmt.Sprint(r.Space, at)
						if before, ok := owner[key]; ok && before != k {
							t.Fatalf("slices %d and %d write %s", before, k, key)
						}
						owner[key] = k
						if at >= s.Sizes[r.Space] {
							t.Fatalf("slice %d writes %v, beyond %d", k, r, s.Sizes[r.Space])
						}
					}
				}
			}
		}
		_, total := TrainableRuns(spec)
		updated := make([]int, total)
		for _, set := range s.Finish {
			for _, p := range set {
				for _, in := range p.Instrs {
					if in.Code == CodeUpdate {
						for at := in.In[0].Off; at < in.In[0].Off+in.In[0].Len; at++ {
							updated[at]++
						}
					}
				}
			}
		}
		if slices.ContainsFunc(updated, func(n int) bool { return n != 1 }) {
			t.Errorf("%s: not every weight is updated once", text)
		}
	}
}

// TestTreeSum: the order of sums is fixed, whatever the number of arrays.
func TestTreeSum(t *testing.T) {
	for n, want := range map[int]string{
		1: "",
		2: "0+1 ",
		3: "0+1 0+2 ",
		5: "0+1 2+3 0+2 0+4 ",
		8: "0+1 2+3 4+5 6+7 0+2 4+6 0+4 ",
	} {
		var b strings.Builder
		for _, in := range treeSum(n, 16, 3, 7) {
			fmt.Fprintf(&b, "%d+%d ", in.In[0].Off/16, in.In[1].Off/16)
			if in.Out != in.In[0] || in.Out.Len != 4 || in.Out.Off%16 != 3 {
				t.Errorf("%v", &in)
			}
		}
		if b.String() != want {
			t.Errorf("%d arrays: %s, want %s", n, b.String(), want)
		}
	}
}
