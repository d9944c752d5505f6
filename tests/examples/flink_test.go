package examples

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"go.yaml.in/yaml/v3"
)

// settings are those of a configuration of Flink.
func settings(t *testing.T, text string) map[string]string {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, value := range values {
		out[name] = fmt.Sprint(value)
	}
	return out
}

// cluster is what scripts/flink starts clusters with.
func cluster(t *testing.T) (script string, conf map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../../scripts/flink")
	if err != nil {
		t.Fatal(err)
	}
	script = string(text)
	_, rest, _ := strings.Cut(script, "<<END\n")
	body, _, found := strings.Cut(rest, "\nEND\n")
	if !found {
		t.Fatal("scripts/flink has no configuration")
	}
	defaults := regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)
	return script, settings(t, strings.NewReplacer("$slots", "1", "$((taskmanagers * slots))", "2").Replace(defaults.ReplaceAllString(body, "$1")))
}

// The settings are those that the tests of the runner run with, but for addresses, and for the pause before a job is begun again, which
// must be longer than workers are kept.
func TestFlinkSettings(t *testing.T) {
	_, tried := cluster(t)
	standalone := settings(t, read(t, "flink/config.yaml"))
	var session map[string]string
	for _, o := range flinkObjects(t) {
		if o.Kind == "ConfigMap" {
			session = settings(t, o.Data["flink-conf.yaml"])
		}
	}
	const delay = "restart-strategy.fixed-delay.delay"
	for name, conf := range map[string]map[string]string{"config.yaml": standalone, "session.yaml": session} {
		for key, value := range conf {
			address := strings.HasSuffix(key, "address") || strings.HasSuffix(key, "port") || strings.HasSuffix(key, "host")
			if !address && key != delay && tried[key] != value {
				t.Errorf("%s: %s is %s, in scripts/flink %q", name, key, value, tried[key])
			}
		}
		pause, err := time.ParseDuration(strings.ReplaceAll(conf[delay], " ", ""))
		if err != nil || pause <= time.Minute {
			t.Errorf("%s: %s is %s, expected more than environment_cache_millis (%v)", name, delay, conf[delay], err)
		}
	}
	for key := range standalone {
		if session[key] == "" {
			t.Errorf("session.yaml lacks %s", key)
		}
	}
	// docs/flink.md, which says what each setting is for, names none that is not there.
	page, err := os.ReadFile("../../docs/flink.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)^\\| .*?`([a-z][a-z.-]+[.][a-z.-]+): ").FindAllSubmatch(page, -1)
	for _, m := range named {
		if standalone[string(m[1])] == "" {
			t.Errorf("config.yaml lacks %s", m[1])
		}
	}
	if len(named) < 4 {
		t.Errorf("found %d settings only in docs/flink.md", len(named))
	}
}

// A flinkObject is an object of session.yaml.
type flinkObject struct {
	Kind string
	Data map[string]string
	Spec struct {
		Schedule    string
		Template    flinkPod
		JobTemplate struct {
			Spec struct{ Template flinkPod }
		} `yaml:"jobTemplate"`
	}
}

type flinkPod struct {
	Spec struct {
		InitContainers []flinkContainer `yaml:"initContainers"`
		Containers     []flinkContainer
	}
}

type flinkContainer struct {
	Name          string
	Command, Args []string
}

func flinkObjects(t *testing.T) (objects []flinkObject) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(read(t, "flink/session.yaml"))); ; {
		var o flinkObject
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
}

// The processes are those of scripts/flink, and the command is one that the program takes.
func TestFlinkSession(t *testing.T) {
	script, _ := cluster(t)
	var names []string
	for _, o := range flinkObjects(t) {
		if o.Kind == "CronJob" {
			cronExpression(t, o.Spec.Schedule)
		}
		for _, pod := range []flinkPod{o.Spec.Template, o.Spec.JobTemplate.Spec.Template} {
			for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
				names = append(names, c.Name)
				if c.Command[0] == "beamfit" {
					understood(t, asShell(append(c.Command, c.Args...)))
					continue
				}
				if class := c.Command[len(c.Command)-1]; !strings.Contains(script, class+" ") {
					t.Errorf("%s runs %s, which scripts/flink does not", c.Name, class)
				}
				for _, arg := range c.Args {
					if flag, _, _ := strings.Cut(arg, "="); strings.HasPrefix(flag, "--") && !strings.Contains(script, flag) {
						t.Errorf("%s has %s, which scripts/flink has not", c.Name, flag)
					}
				}
			}
		}
	}
	if want := []string{"jobmanager", "taskmanager", "jobserver", "fit"}; !slices.Equal(names, want) {
		t.Errorf("containers %q, expected %q", names, want)
	}
}

func TestFlinkDockerfile(t *testing.T) {
	script, _ := cluster(t)
	file, err := parser.Parse(strings.NewReader(read(t, "flink/Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(file.AST, nil)
	if err != nil || len(stages) != 1 {
		t.Fatalf("%d stages, %v", len(stages), err)
	}
	_, list, _ := strings.Cut(script, "for package in ")
	list, _, _ = strings.Cut(list, ";")
	packages := strings.Fields(strings.ReplaceAll(list, "\\\n", " "))
	for _, p := range packages {
		if !strings.Contains(file.AST.Dump(), "java.base/"+p+"=ALL-UNNAMED") {
			t.Errorf("package %s is not opened", p)
		}
	}
	if len(packages) < 10 {
		t.Errorf("packages %q", packages)
	}
}
