package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/pipelines"
)

type versionTask struct{}

func versionCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:    "version",
		short:   "Print the version",
		example: "beamfit version",
	}, versionTask{})
}

func (versionTask) define(flags) {}

func (versionTask) validate([]string, func(string) bool) error { return nil }

func (versionTask) run(_ context.Context, a *app) error {
	_, err := fmt.Fprintf(a.out, "beamfit %s%s, %s %s/%s\n", pipelines.Version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// revision is the commit that the binary was built from, where the build recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return " (" + s.Value[:12] + ")"
		}
	}
	return ""
}
