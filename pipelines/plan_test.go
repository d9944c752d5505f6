package pipelines

import (
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestPlan(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t)}); err != nil {
			t.Fatal(err)
		}
		opt := PlanOptions{ArchTable: "arch", ID: 1, Step: PlanFit, Compile: "loss='categorical_crossentropy', optimizer='adam'"}
		for _, c := range []struct {
			step        string
			batch, rows int
			flop        int64 // three layers of 4·10, 10·10 and 10·3 products per row; no gradient of the input
			optimizer   int64
		}{
			{PlanFit, 0, 32, 32 * 2 * (3*170 - 40), 2 * 4 * 193},
			{PlanFit, 5, 5, 5 * 2 * (3*170 - 40), 2 * 4 * 193},
			{PlanEvaluate, 0, 256, 256 * 2 * 170, 0},
			{PlanPredict, 7, 7, 7 * 2 * 170, 0},
		} {
			o := opt
			o.Step, o.Batch = c.step, c.batch
			res, err := Plan(t.Context(), env, o)
			if err != nil {
				t.Fatal(err)
			}
			if res.Rows != c.rows || res.Slices != 1 || res.FLOP != c.flop || res.Weights != 4*193 || res.Optimizer != c.optimizer {
				t.Errorf("%s, batch %d: %+v", c.step, c.batch, res)
			}
			var traffic int64
			for _, call := range res.Calls {
				traffic += int64(call.Bytes)
			}
			if traffic != res.Traffic || res.Values < res.Work/2 || res.Work == 0 {
				t.Errorf("%s: %d bytes read and written, %d in calls; work %d for values of %d", c.step, res.Traffic, traffic, res.Work, res.Values)
			}
		}
		for name, c := range map[string]struct {
			change func(*PlanOptions)
			want   []string
		}{
			"no table": {func(o *PlanOptions) { o.ArchTable = "nowhere" }, []string{"architecture table", "nowhere"}},
			"no model": {func(o *PlanOptions) { o.ID = 2 }, []string{"model_id 2", "exist: 1"}},
			"compile":  {func(o *PlanOptions) { o.Compile = "loss=" }, []string{"loss"}},
			"loss":     {func(o *PlanOptions) { o.Compile = "loss='x', optimizer='adam'" }, []string{`"x"`}},
			"step":     {func(o *PlanOptions) { o.Step = "train" }, []string{`"train"`, "fit, evaluate or predict"}},
		} {
			o := opt
			c.change(&o)
			_, err := Plan(t.Context(), env, o)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
	})
}
