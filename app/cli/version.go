package cli

import (
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionInfo is what 'version' prints.
type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Dirty   bool   `json:"dirty"` // built from files that were not committed
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func (t *terminal) versionVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		Long: "Says which version this is. It reads no configuration and asks nobody.",
	}
	output := outputFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		info := t.build.info()
		return t.print(*output, info, func(w io.Writer) { row(w, info.String()) })
	}
	return command
}

// info completes what the linker said with what the Go tool recorded.
func (b Build) info() versionInfo {
	info := versionInfo{
		Version: b.Version, Commit: b.Commit, Date: b.Date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	recorded, ok := debug.ReadBuildInfo()
	if !ok {
		recorded = &debug.BuildInfo{}
	}
	for _, s := range recorded.Settings {
		switch {
		case s.Key == "vcs.revision" && info.Commit == "":
			info.Commit = s.Value
		case s.Key == "vcs.time" && info.Date == "":
			info.Date = s.Value
		case s.Key == "vcs.modified":
			info.Dirty = s.Value == "true"
		}
	}
	if info.Version == "" {
		info.Version = recorded.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "devel"
	}
	return info
}

// String returns the version in one line.
func (v versionInfo) String() string {
	text := "healthagent " + v.Version
	if v.Commit != "" {
		text += " (" + v.Commit[:min(12, len(v.Commit))]
		if v.Dirty {
			text += ", with uncommitted changes"
		}
		if v.Date != "" {
			text += ", " + v.Date
		}
		text += ")"
	}
	return text + " " + v.Go + " " + v.OS + "/" + v.Arch
}
