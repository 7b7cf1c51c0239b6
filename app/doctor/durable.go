package doctor

import (
	"slices"
	"strings"

	"healthagent/store/inspect"
)

func checkDurable(v *visit, s inspect.Server) answer {
	var off []string
	for name, fine := range map[string]bool{
		"fsync": s.Durability.Fsync, "full_page_writes": s.Durability.FullPageWrites, "synchronous_commit": s.Durability.SynchronousCommit != "off",
	} {
		if !fine {
			off = append(off, name)
		}
	}
	if len(off) == 0 {
		return well("what was committed survives a power cut")
	}
	slices.Sort(off)
	return failure(v.turnOn(s, off), "off: %s: a power cut loses what was acknowledged, or the whole database", strings.Join(off, ", "))
}

// turnOn is how settings of the server are turned on where they were turned off: what a role or a database says of one is
// stronger than what the server says.
func (v *visit) turnOn(s inspect.Server, names []string) string {
	var lines []string
	reload, again := false, false
	for _, name := range names {
		statement := resets(s, name)
		if again = again || statement != ""; statement == "" {
			statement, reload = "ALTER SYSTEM SET "+name+" = on", true
		}
		lines = append(lines, v.psql(statement, true))
	}
	if reload {
		lines = append(lines, v.psql("SELECT pg_reload_conf()", true))
	}
	if again { // a session keeps what it began with
		lines = append(lines, v.restart())
	}
	return strings.Join(lines, "\n")
}

// resets is the statement that takes back what a role or a database says of a setting; empty: none does.
func resets(s inspect.Server, name string) string {
	i := slices.IndexFunc(s.Settings, func(x inspect.Setting) bool { return x.Name == name })
	if i < 0 {
		return ""
	}
	role, database := identifier(s.Role), identifier(s.Database.Name)
	switch s.Settings[i].Source {
	case "user":
		return "ALTER ROLE " + role + " RESET " + name
	case "database":
		return "ALTER DATABASE " + database + " RESET " + name
	case "database user":
		return "ALTER ROLE " + role + " IN DATABASE " + database + " RESET " + name
	case "global":
		return "ALTER ROLE ALL RESET " + name
	}
	return ""
}

func checkChecksums(v *visit, s inspect.Server) answer {
	if n := s.Database.ChecksumFailures; n > 0 {
		return failure("Get the disk replaced, and bring back the last verified dump: healthagent restore", "%s were found damaged on the disk", plural(int(n), "one page", "%d pages"))
	}
	switch on, known := settingOf(s, "data_checksums"); {
	case !known:
		return skipped("only pg_monitor sees whether they are on")
	case on == "on":
		return well("pages are verified when they are read, and none was damaged")
	default:
		remedy := "Stop the server, run 'pg_checksums --enable -D <its data directory>', start it."
		if c := v.clusterVersion(); c != "" && v.clusterUnit() != "" {
			remedy = "systemctl stop healthagent postgresql@" + c + "-healthagent && runuser -u postgres -- /usr/lib/postgresql/" + c +
				"/bin/pg_checksums --enable -D /var/lib/postgresql/" + c + "/healthagent && systemctl start postgresql@" + c + "-healthagent healthagent"
		}
		return warning(remedy, "they are off: a damaged page would be taken for data")
	}
}

// settingOf is a setting of the server; false when it cannot be seen.
func settingOf(s inspect.Server, name string) (string, bool) {
	for _, x := range s.Settings {
		if x.Name == name {
			return x.Value, true
		}
	}
	return "", false
}

func checkTracking(v *visit, s inspect.Server) answer {
	var off []string
	for _, name := range []string{"track_activities", "track_counts", "track_io_timing"} {
		if value, known := settingOf(s, name); known && value == "off" {
			off = append(off, name)
		}
	}
	if len(off) > 0 {
		return warning(v.turnOn(s, off), "off: %s: the figures of the server are incomplete", strings.Join(off, ", "))
	}
	return well("it counts everything")
}

// advised makes an answer of what the server's own advice says of a kind.
func (v *visit) advised(s inspect.Server, code inspect.Code, fine string) answer {
	for _, a := range inspect.Advise(inspect.Evidence{Server: s}, nil) {
		if a.Code == code {
			return failure(v.psql(a.Remedy, true), "%s: %s", a.Subject, a.Text)
		}
	}
	return well("%s", fine)
}

func checkVacuum(v *visit, s inspect.Server) answer {
	for _, name := range []string{"autovacuum", "track_counts"} {
		if value, known := settingOf(s, name); known && value == "off" {
			return failure(v.turnOn(s, []string{name}),
				"%s is off: no table is cleaned up or analyzed by itself", name)
		}
	}
	return well("it is on")
}

func checkWraparound(v *visit, s inspect.Server) answer {
	return v.advised(s, inspect.AdviseWraparound, "there are enough")
}
