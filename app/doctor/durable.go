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
	var remedy []string
	for _, name := range off {
		remedy = append(remedy, v.psql("ALTER SYSTEM SET "+name+" = on", true))
	}
	remedy = append(remedy, v.psql("SELECT pg_reload_conf()", true))
	return failure(strings.Join(remedy, "\n"), "off: %s: a power cut loses what was acknowledged, or the whole database", strings.Join(off, ", "))
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
	var off, remedy []string
	for _, name := range []string{"track_activities", "track_counts", "track_io_timing"} {
		if value, known := settingOf(s, name); known && value == "off" {
			off = append(off, name)
			remedy = append(remedy, v.psql("ALTER SYSTEM SET "+name+" = on", true))
		}
	}
	if len(off) > 0 {
		return warning(strings.Join(append(remedy, v.psql("SELECT pg_reload_conf()", true)), "\n"), "off: %s: the figures of the server are incomplete", strings.Join(off, ", "))
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
			return failure(v.psql("ALTER SYSTEM SET "+name+" = on", true)+"\n"+v.psql("SELECT pg_reload_conf()", true),
				"%s is off: no table is cleaned up or analyzed by itself", name)
		}
	}
	return well("it is on")
}

func checkWraparound(v *visit, s inspect.Server) answer {
	return v.advised(s, inspect.AdviseWraparound, "there are enough")
}
