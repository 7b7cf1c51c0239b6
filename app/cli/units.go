package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/systemd"
)

// unitInfo is a row of the list of units.
type unitInfo struct {
	Name  string `json:"name"`
	Path  string `json:"path"`  // where it is installed, or was written
	State string `json:"state"` // same, differs, absent; after a write unchanged or changed
}

func (t *terminal) unitsVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "units [NAME]", Short: "Print the files for systemd, or write them",
		Long: "The unit, sysusers and tmpfiles files of an installed service are part of the program. Without a name they are listed, and whether the\n" +
			"installed ones are the same; with a name that file is printed; with --write DIR all are written below DIR: 'units --write /etc' installs\n" +
			"them. After that: systemd-sysusers, systemd-tmpfiles --create, systemctl daemon-reload.",
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return unitNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	output := outputFlag(command)
	target := command.Flags().String("write", "", "write all of them below this directory")
	_ = command.MarkFlagDirname("write") // it is there
	command.RunE = func(command *cobra.Command, args []string) error {
		if command.Flags().Changed("write") {
			return t.writeUnits(*output, *target, args)
		}
		if len(args) == 1 {
			return t.printUnit(*output, args[0])
		}
		return t.printUnits(*output, systemd.Units(), "/etc")
	}
	return command
}

func unitNames() []string {
	var names []string
	for _, u := range systemd.Units() {
		names = append(names, u.Name)
	}
	return names
}

func (t *terminal) printUnit(as format, name string) error {
	units := systemd.Units()
	i := slices.IndexFunc(units, func(u systemd.Unit) bool { return u.Name == name })
	if i < 0 {
		return fault.New(fault.Usage, fmt.Sprintf("there is no unit %q; there are %s", name, strings.Join(unitNames(), ", ")))
	}
	document := struct {
		Name string `json:"name"`
		Path string `json:"path"`
		Text string `json:"text"`
	}(units[i])
	return t.print(as, document, func(w io.Writer) { _, _ = io.WriteString(w, document.Text) }) // a page is a buffer and does not fail
}

// printUnits lists the units and how those below etc compare.
func (t *terminal) printUnits(as format, units []systemd.Unit, etc string) error {
	list := make([]unitInfo, len(units))
	for i, u := range units {
		list[i] = unitInfo{Name: u.Name, Path: below(etc, u), State: "same"}
		switch text, err := os.ReadFile(list[i].Path); {
		case errors.Is(err, fs.ErrNotExist):
			list[i].State = "absent"
		case err != nil:
			list[i].State = "unreadable"
		case string(text) != u.Text:
			list[i].State = "differs"
		}
	}
	return t.listUnits(as, list)
}

// writeUnits writes what is not the same already; each file is whole at every moment.
func (t *terminal) writeUnits(as format, etc string, args []string) error {
	if etc == "" || len(args) > 0 {
		return fault.New(fault.Usage, "--write takes a directory, and writes all units into it")
	}
	var list []unitInfo
	for _, u := range systemd.Units() {
		info := unitInfo{Name: u.Name, Path: below(etc, u), State: "unchanged"}
		changed, err := replaceFile(info.Path, []byte(u.Text))
		if err != nil {
			return fmt.Errorf("write %s: %w", info.Path, err)
		}
		if changed {
			info.State = "changed"
		}
		list = append(list, info)
	}
	return t.listUnits(as, list)
}

func (t *terminal) listUnits(as format, list []unitInfo) error {
	document := struct {
		Units []unitInfo `json:"units"`
	}{list}
	return t.print(as, document, func(w io.Writer) {
		for _, u := range list {
			row(w, u.State, u.Path, u.Name)
		}
	})
}

// below is where a unit lies when etc stands for /etc.
func below(etc string, u systemd.Unit) string {
	return filepath.Join(etc, strings.TrimPrefix(u.Path, "/etc"))
}

// replaceFile makes path a file with this text that everybody may read, and reports whether it was not that before. It writes
// a new file and renames it: whoever reads meanwhile sees the old one or the new one.
func replaceFile(path string, text []byte) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) && isPlain(path) {
		return false, nil
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		err = errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)) //nolint:gosec // as the directories of systemd are, whatever the umask
		if err != nil {
			return false, err
		}
	}
	f, err := os.CreateTemp(dir, ".healthagent-*")
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}

// isPlain reports whether path is a file of mode 0644, and no link to one.
func isPlain(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode() == 0o644
}
