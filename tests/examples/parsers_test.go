package examples

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adhocore/gronx"
	"github.com/coreos/go-systemd/v22/unit"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"go.yaml.in/yaml/v3"
)

func cronExpression(t *testing.T, text string) {
	t.Helper()
	if !gronx.IsValid(text) {
		t.Errorf("%q is no cron expression", text)
	}
}

// asShell makes a command line of arguments.
func asShell(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

func TestCrontab(t *testing.T) {
	jobs := 0
	for line := range strings.Lines(read(t, "crontab")) {
		line = strings.TrimSpace(line)
		if name, _, ok := strings.Cut(line, "="); line == "" || line[0] == '#' || ok && !strings.ContainsAny(name, " \t") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 6 || strings.Contains(line, "%") { // cron makes a new line of %
			t.Errorf("%q is no line of a crontab", line)
			continue
		}
		jobs++
		cronExpression(t, strings.Join(fields[:5], " "))
		if command := strings.Join(fields[5:], " "); strings.Contains(command, " beamfit ") {
			understood(t, command[strings.Index(command, "beamfit "):])
		}
	}
	if jobs != 2 {
		t.Errorf("%d jobs", jobs)
	}
}

func TestUnits(t *testing.T) {
	for name, want := range map[string][]string{
		"beamfit-nightly.service": {"Unit", "Service"},
		"beamfit-nightly.timer":   {"Unit", "Timer", "Install"},
	} {
		options, err := unit.DeserializeOptions(strings.NewReader(read(t, name)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var sections []string
		for _, o := range options {
			if !slices.Contains(sections, o.Section) {
				sections = append(sections, o.Section)
			}
			if o.Name == "OnCalendar" {
				calendar(t, o.Value)
			}
		}
		if !slices.Equal(sections, want) {
			t.Errorf("%s has sections %q", name, sections)
		}
	}
}

func calendar(t *testing.T, when string) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Log("systemd-analyze is not installed")
		return
	}
	if out, err := exec.Command("systemd-analyze", "calendar", when).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", when, err, out)
	}
}

// systemd itself has nothing to say against the units, but that what they start is not installed here.
func TestUnitsBySystemd(t *testing.T) {
	needs(t, "systemd-analyze")
	dir := t.TempDir()
	for _, name := range []string{"beamfit-nightly.service", "beamfit-nightly.timer"} {
		text := strings.Replace(read(t, name), "/usr/local/bin/nightly.sh", filepath.Join(bin, "nightly.sh"), 1)
		writeFile(t, filepath.Join(dir, name), text)
	}
	cmd := exec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(dir, "beamfit-nightly.service"), filepath.Join(dir, "beamfit-nightly.timer"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}

// A container is what a pod's containers have of the example.
type container struct {
	Name, Image string
	Args        []string
}

func TestCronJob(t *testing.T) {
	type object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		StringData map[string]string `yaml:"stringData"`
		Spec       struct {
			Schedule          string
			ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
			JobTemplate       struct {
				Spec struct {
					PodFailurePolicy struct {
						Rules []struct {
							Action      string
							OnExitCodes struct {
								Operator string
								Values   []int
							} `yaml:"onExitCodes"`
						}
					} `yaml:"podFailurePolicy"`
					Template struct {
						Spec struct {
							RestartPolicy  string      `yaml:"restartPolicy"`
							InitContainers []container `yaml:"initContainers"`
							Containers     []container
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	var objects []object
	for d := yaml.NewDecoder(strings.NewReader(read(t, "cronjob.yaml"))); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	if len(objects) != 2 || objects[0].Kind != "Secret" || objects[1].Kind != "CronJob" || objects[1].APIVersion != "batch/v1" {
		t.Fatalf("objects %+v", objects)
	}
	if !strings.HasPrefix(objects[0].StringData["BEAMFIT_DB"], "postgres://") {
		t.Errorf("secret %q", objects[0].StringData)
	}
	cron := objects[1].Spec
	cronExpression(t, cron.Schedule)
	job := cron.JobTemplate.Spec
	rule := job.PodFailurePolicy.Rules[0]
	if cron.ConcurrencyPolicy != "Forbid" || rule.Action != "FailJob" || rule.OnExitCodes.Operator != "In" || !slices.Equal(rule.OnExitCodes.Values, []int{1, 2}) {
		t.Errorf("policies %s, %+v", cron.ConcurrencyPolicy, rule)
	}
	if job.Template.Spec.RestartPolicy != "Never" {
		t.Error("podFailurePolicy needs the restart policy Never")
	}
	pods := append(job.Template.Spec.InitContainers, job.Template.Spec.Containers...)
	for _, c := range pods {
		understood(t, "beamfit "+asShell(c.Args))
	}
	if len(pods) != 3 {
		t.Errorf("%d containers", len(pods))
	}
}

func TestAirflow(t *testing.T) {
	needs(t, "python3")
	const script = `import ast, json, sys
tree = ast.parse(open(sys.argv[1]).read(), sys.argv[1])
compile(tree, sys.argv[1], "exec")
values = {n.targets[0].id: ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign)}
print(json.dumps({"schedule": values["SCHEDULE"], "steps": list(values["STEPS"].values())}))`
	out, err := exec.Command("python3", "-c", script, filepath.Join(folder, "airflow_dag.py")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var dag struct {
		Schedule string
		Steps    [][]string
	}
	if err := json.Unmarshal(out, &dag); err != nil {
		t.Fatal(err)
	}
	cronExpression(t, dag.Schedule)
	for _, step := range dag.Steps {
		understood(t, asShell(step))
	}
	if len(dag.Steps) != 3 {
		t.Errorf("%d steps", len(dag.Steps))
	}
}

func TestDockerfile(t *testing.T) {
	file, err := parser.Parse(strings.NewReader(read(t, "Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(file.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	var from []string
	for _, s := range stages {
		from = append(from, s.BaseName)
	}
	if len(file.Warnings) > 0 || !slices.Equal(from, []string{"golang:1.26", "scratch"}) {
		t.Errorf("stages from %q, warnings %+v", from, file.Warnings)
	}
}
