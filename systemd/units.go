package systemd

import (
	"embed"
	"path"
)

//go:embed healthagent*.service healthagent*.timer healthagent.sysusers healthagent.tmpfiles
var files embed.FS

// Unit is a file for the service manager.
type Unit struct {
	Name string // as it lies beside this source
	Path string // where it is installed
	Text string
}

// Units are the files that an installed service needs, in the order in which they take effect: users, directories, units. The slice is
// the caller's own.
func Units() []Unit {
	units := []Unit{
		{Name: "healthagent.sysusers", Path: "/etc/sysusers.d/healthagent.conf"},
		{Name: "healthagent.tmpfiles", Path: "/etc/tmpfiles.d/healthagent.conf"},
	}
	for _, name := range []string{"healthagent.service", "healthagent-alert@.service", "healthagent-backup.service", "healthagent-backup.timer"} {
		units = append(units, Unit{Name: name, Path: path.Join("/etc/systemd/system", name)})
	}
	for i := range units {
		text, err := files.ReadFile(units[i].Name)
		if err != nil {
			panic("a unit is not embedded: " + err.Error()) // the compiler embedded them all
		}
		units[i].Text = string(text)
	}
	return units
}

// ByPath are the texts of the units by where they are installed.
func ByPath() map[string]string {
	texts := map[string]string{}
	for _, u := range Units() {
		texts[u.Path] = u.Text
	}
	return texts
}
