package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines"
)

type planTask struct {
	opt     pipelines.PlanOptions
	gpus    bool
	gpuMath string
	format  string
}

func planCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "plan", group: groupModels, jobs: true,
		short: "Show how the engine works on a batch of a model",
		long: `Show how the engine works on a batch of a model: every call of a step with its arrays and their shapes, in order, the
bytes that it reads and writes, and the floating-point operations of matrix products and convolutions.

Weights go by layer/name. Other values lie in one piece of memory per shard: work+1024[32x10] is an array of 32 x 10 float32
that begins at element 1024; two calls with the same place share it one after the other. Where fit cuts a batch into slices,
calls is how often a call is made in a step, on as many cores as are idle, and bytes and flop are those of all of them; a stage
begins when the one before has ended: slices meet where a batch normalisation needs the sums of all (shared+0[64]). Rows
and weights are not read.

With --gpus the step is that of a GPU, in one piece: which kernels each call launches, or cpu where it has none and runs on the CPU,
and how many operations it makes per byte. No GPU is needed for that.`,
		args: []argument{
			{name: "ARCH_TABLE", usage: "architecture table", fills: fillTable},
			{name: "ID", usage: "model_id of the model"},
		},
		example: `beamfit plan model_arch_library 1 --batch 128
beamfit plan model_arch_library 1 --batch 128 --gpus
beamfit plan model_arch_library 1 --step predict --format csv`,
	}, &planTask{})
}

// defaultCompile are compile parameters that suit most classifiers.
const defaultCompile = "loss='categorical_crossentropy', optimizer='adam'"

func (t *planTask) define(f flags) {
	t.opt.Step = pipelines.PlanFit
	f.choice(&t.opt.Step, "step", "STEP", []string{pipelines.PlanFit, pipelines.PlanEvaluate, pipelines.PlanPredict}, t.opt.Step, "what the step is of")
	f.add(flagvalue.Of(&t.opt.Batch, flagvalue.Positive), "batch", "B", "32 for fit, else as many as the step takes at a time", "rows of the batch")
	f.precision(&t.opt.Precision, ofTheModel)
	t.opt.Compile = defaultCompile
	f.add(flagvalue.Of(&t.opt.Compile, flagvalue.Text), "compile", "PARAMS", defaultCompile, "arguments of Keras' compile, for fit and evaluate")
	f.add(flagvalue.Of(&t.opt.Functions, flagvalue.Given), "functions", "OBJECT_TABLE", none, "object table with the losses and metrics of --compile that are your own")
	f.toggle(&t.gpus, "gpus", "show the step of a GPU, with its kernels")
	f.gpuMath(&t.gpuMath)
	t.format = formTable
	f.choice(&t.format, "format", "FORM", []string{formTable, formCSV, formJSON}, t.format, "form of the output")
}

func (t *planTask) validate(args []string, given func(string) bool) (err error) {
	t.opt.ArchTable = args[0]
	if given("compile") && t.opt.Step == pipelines.PlanPredict {
		return errors.New("--compile does not go with --step predict")
	}
	if given("functions") && t.opt.Step == pipelines.PlanPredict {
		return errors.New("--functions does not go with --step predict")
	}
	t.opt.ID, err = modelID(args[1])
	return err
}

func (t *planTask) run(ctx context.Context, a *app) error {
	a.gpus, a.gpuMath = t.gpus, t.gpuMath
	res, err := run(ctx, a, pipelines.Plan, t.opt)
	if err != nil {
		return err
	}
	calls, err := planTable(res)
	if err != nil {
		return err
	}
	if err := printerOf(t.format)(a.out, rows.Of(calls)); err != nil {
		return err
	}
	if t.format == formTable {
		for _, line := range planTotals(res) {
			a.say("%s", line)
		}
	}
	return nil
}

// planTable is one row per call.
func planTable(res pipelines.PlanResult) (*table.Batch, error) {
	schema := table.Schema{
		{Name: "stage", Type: table.Int32Type},
		{Name: "calls", Type: table.Int32Type},
		{Name: "operation", Type: table.TextType},
		{Name: "reads", Type: table.TextType},
		{Name: "writes", Type: table.TextType},
		{Name: "bytes", Type: table.Int64Type},
		{Name: "flop", Type: table.Int64Type},
	}
	if res.GPU != nil {
		schema = append(schema, table.Column{Name: "kernels", Type: table.TextType}, table.Column{Name: "flop_per_byte", Type: table.Float64Type})
	}
	b := table.NewBatch(schema)
	for i, c := range res.Calls {
		row := []any{c.Stage, c.Count, c.Operation, strings.Join(c.Reads, ", "), strings.Join(c.Writes, ", "), int64(c.Bytes), int64(c.FLOP)}
		if res.GPU != nil {
			row = append(row, kernelsOf(res.GPU.Instrs[i]), math.Round(10*float64(c.FLOP)/float64(max(c.Bytes, 1)))/10)
		}
		if err := b.Append(row...); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// kernelsOf are the kernels of a call, or cpu.
func kernelsOf(in cuda.InstrDescription) string {
	if !in.Native {
		return "cpu"
	}
	return strings.Join(in.Kernels, ", ")
}

// gpuTotals are sentences about what a GPU does in a step.
func gpuTotals(d *cuda.Description) []string {
	graphs := "1 graph"
	if d.Graphs != 1 {
		graphs = fmt.Sprintf("%d graphs", d.Graphs)
	}
	lines := []string{fmt.Sprintf("%d launches in %s, %d more to fill the batch; %.1f operations of products per byte of arrays",
		d.Launches, graphs, d.FillLaunches, d.Intensity)}
	if n := d.Transfers; n > 0 {
		lines = append(lines, fmt.Sprintf("calls on the CPU make %d copies of %s over the bus in every step", n, quantity(int64(d.TransferBytes), "B")))
	}
	return append(lines, fmt.Sprintf(
		"over the bus: %s per step of fit, %.1f B for each row of a pass, where the rows stay on the GPU, else %s per step; weights and optimizer %s per iteration",
		quantity(int64(d.StepBytes), "B"), d.RowBytes, quantity(int64(d.BatchBytes), "B"), quantity(int64(d.IterationBytes), "B")))
}

// planTotals are sentences about the whole step.
func planTotals(res pipelines.PlanResult) []string {
	cut := "in one piece"
	if res.Slices > 1 {
		cut = fmt.Sprintf("in %d slices", res.Slices)
	}
	if res.Meetings > 0 {
		cut += fmt.Sprintf(", which meet %d times", res.Meetings)
	}
	lines := []string{
		fmt.Sprintf("%d rows %s; %s of matrix products and convolutions; %s read and written",
			res.Rows, cut, quantity(res.FLOP, "FLOP"), quantity(res.Traffic, "B")),
		fmt.Sprintf("weights %s, gradients %s, optimizer %s, batch %s, work %s",
			quantity(res.Weights, "B"), quantity(res.Gradients, "B"), quantity(res.Optimizer, "B"), quantity(res.Batch, "B"), quantity(res.Work, "B")),
	}
	if res.Values > 0 {
		lines = append(lines, fmt.Sprintf("work holds values of %s: places are used %.1f times", quantity(res.Values, "B"), float64(res.Values)/float64(max(res.Work, 1))))
	}
	if res.GPU != nil {
		lines = append(lines, gpuTotals(res.GPU)...)
	}
	return lines
}

// quantity is a number with a decimal prefix.
func quantity(n int64, unit string) string {
	if n < 1000 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	v := float64(n)
	prefixes := "kMGTPE"
	i := -1
	for v >= 999.95 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	return fmt.Sprintf("%.1f %c%s", v, prefixes[i], unit)
}
