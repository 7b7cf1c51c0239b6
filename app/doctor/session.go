package doctor

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
)

// idleLong is how long a transaction may be idle before that is said.
const idleLong = time.Minute

func checkIdle(_ context.Context, v *visit) answer {
	c, err := v.connections()
	if err != nil {
		return skipped(noDatabase)
	}
	if c.IdleInTxS == nil || c.IdleInTxS.Duration() < idleLong {
		return well("none holds up the others")
	}
	return warning(v.psql("SELECT pid, usename, application_name, now() - state_change AS idle FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' ORDER BY state_change", false)+
		"   # then SELECT pg_terminate_backend(pid)",
		"one has been idle for %s: it holds its locks, and VACUUM up", age(c.IdleInTxS.Duration()))
}

// What the program opens beside its pool: the monitor, the migrations (two), the lock of the bot, and the pool of a verb (two).
const beside = 6

func checkConnections(_ context.Context, v *visit) answer {
	c, err := v.connections()
	if err != nil {
		return skipped(noDatabase)
	}
	most := v.Config.PoolMax
	if most == 0 {
		_, most = store.PoolSize(runtime.GOMAXPROCS(0))
	}
	usable, others := c.Usable, 0
	if about, err := v.checkup(); err == nil && about.Limit >= 0 {
		usable = min(usable, about.Limit)
	}
	for _, a := range c.Apps {
		if !strings.HasPrefix(a.App, "healthagent") {
			others += a.Count
		}
	}
	need := most + beside
	fits := max(1, usable-others-beside)
	remedy := fmt.Sprintf("Write HEALTHAGENT_POOL_MAX=%d into %s, then: %s   # or raise max_connections of the server", fits, v.envFile(), v.restart())
	switch {
	case need > usable:
		return failure(remedy, "the service wants up to %d, of which %d are for the pool, and the server lets in %d", need, most, usable)
	case need > usable-others:
		return warning(remedy, "the service wants up to %d, and others have %d of the %d that the server lets in", need, others, usable)
	default:
		return well("the service wants up to %d of %d, others have %d", need, usable, others)
	}
}

func checkRole(v *visit, c inspect.Checkup) answer {
	if v.Database.Private {
		return well("%s, of the private server", c.Role)
	}
	name := identifier(c.Role)
	if c.Superuser {
		return warning(v.psql("ALTER ROLE "+name+" NOSUPERUSER CREATEDB", true)+"\n"+v.psql("GRANT pg_monitor, pg_signal_backend TO "+name, true),
			"%s is a superuser: a mistake in the program could read and write the server's files", c.Role)
	}
	var lacks, remedy []string
	if !c.CreateDB {
		lacks, remedy = append(lacks, "CREATEDB (a restore makes a database)"), append(remedy, v.psql("ALTER ROLE "+name+" CREATEDB", true))
	}
	var groups []string
	if !c.Monitor {
		lacks, groups = append(lacks, "pg_monitor (the figures of the server)"), append(groups, "pg_monitor")
	}
	if !c.Signal {
		lacks, groups = append(lacks, "pg_signal_backend (to end a session that blocks)"), append(groups, "pg_signal_backend")
	}
	if groups != nil {
		remedy = append(remedy, v.psql("GRANT "+strings.Join(groups, ", ")+" TO "+name, true))
	}
	if lacks != nil {
		return warning(strings.Join(remedy, "\n"), "%s lacks %s", c.Role, strings.Join(lacks, ", "))
	}
	return well("%s may do what it needs, and no more", c.Role)
}

func checkStatements(v *visit, c inspect.Checkup) answer {
	create := v.psql("CREATE EXTENSION pg_stat_statements", true)
	switch {
	case !c.Installable && !c.Statements:
		return warning(contrib, "the server does not have it: what its statements cost stays unknown")
	case !c.Preloaded:
		remedy := v.psql("ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements", true) + "\n" + v.restartDatabase()
		if !c.Statements {
			remedy += "\n" + create
		}
		return warning(remedy, "it is not loaded: what the statements cost stays unknown")
	case !c.Statements:
		return warning(create, "it is loaded and was not created in this database")
	default:
		return well("it counts what the statements cost")
	}
}

// contrib is how a server gets its extensions.
const contrib = "apt-get install -y postgresql-contrib   # on the database's server; a managed one lists its extensions in its manual"

func checkTuple(v *visit, c inspect.Checkup) answer {
	switch {
	case c.Tuple:
		return well("it measures bloat")
	case v.Database.Private:
		return well("it is not in the private database, where bloat is estimated")
	case !c.Installable:
		return warning(contrib, "the server does not have it: bloat is estimated only")
	default:
		return warning(v.psql("CREATE EXTENSION pgstattuple", true), "it was not created in this database: bloat is estimated only")
	}
}
