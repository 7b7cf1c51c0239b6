package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"healthagent/app/fault"
	"healthagent/store"
	"healthagent/store/inspect"
)

func databaseChecks() []check {
	return []check{
		{"database-reachable", "PostgreSQL", setting, checkReachable},
		{"database-version", "PostgreSQL version", setting, withServer(checkServerVersion)},
		{"database-durable", "durability", setting, withServer(checkDurable)},
		{"database-checksums", "checksums", setting, withServer(checkChecksums)},
		{"database-standby", "PostgreSQL primary", setting, withServer(checkStandby)},
		{"database-restart", "PostgreSQL settings", setting, withServer(checkPending)},
		{"database-tracking", "PostgreSQL statistics", setting, withServer(checkTracking)},
		{"database-vacuum", "autovacuum", setting, withServer(checkVacuum)},
		{"database-wraparound", "transaction ids", setting, withServer(checkWraparound)},
		{"database-idle", "idle transactions", setting, checkIdle},
		{"database-connections", "connections", setting, checkConnections},
		{"database-role", "database role", setting, withCheckup(checkRole)},
		{"database-encoding", "encoding", setting, withCheckup(checkEncoding)},
		{"database-collation", "sort order", setting, withCheckup(checkCollation)},
		{"database-statements", "pg_stat_statements", setting, withCheckup(checkStatements)},
		{"database-pgstattuple", "pgstattuple", setting, withCheckup(checkTuple)},
		{"database-network", "network", setting, withCheckup(checkNetwork)},
	}
}

// noDatabase is said of what only the database knows.
const noDatabase = "the database cannot be asked"

// inspector opens the way to the database.
func (v *visit) inspector() (*inspect.Inspector, error) {
	switch {
	case v.Database.Monitor != nil:
		return v.Database.Monitor, nil
	case v.Database.URL == "":
		return nil, errUnasked
	}
	i, err := inspect.Open(inspect.Config{URL: v.Database.URL, Dial: v.Database.Dial, Application: "healthagent-doctor"})
	if err != nil {
		return nil, fmt.Errorf("open the way to the database: %w", err)
	}
	v.atEnd(i.Close)
	return i, nil
}

// asked asks the inspector for one thing.
func asked[T any](v *visit, read func(*inspect.Inspector, context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		i, err := v.way()
		if err != nil {
			var none T
			return none, err
		}
		return read(i, ctx)
	}
}

func withServer(judge func(*visit, inspect.Server) answer) func(context.Context, *visit) answer {
	return func(_ context.Context, v *visit) answer {
		s, err := v.server()
		if err != nil {
			return skipped(noDatabase)
		}
		return judge(v, s)
	}
}

func withCheckup(judge func(*visit, inspect.Checkup) answer) func(context.Context, *visit) answer {
	return func(_ context.Context, v *visit) answer {
		c, err := v.checkup()
		if err != nil {
			return skipped(noDatabase)
		}
		return judge(v, c)
	}
}

func checkReachable(_ context.Context, v *visit) answer {
	if v.Database.URL == "" && v.Database.Monitor == nil {
		return skipped("%s", v.Database.Why)
	}
	s, err := v.server()
	switch {
	case errors.Is(err, errUnasked):
		return skipped("%s", v.Database.Why)
	case err != nil:
		return passing(v.startDatabase(), "it cannot be asked: %s", store.Reason(err))
	default:
		return well("it answers: database %s, %s", s.Database.Name, size(s.Database.Bytes))
	}
}

// startDatabase is how to bring the database back.
func (v *visit) startDatabase() string {
	switch {
	case v.clusterUnit() != "" && strings.Contains(v.Database.URL, "/run/postgresql"):
		unit := strings.TrimSuffix(v.clusterUnit(), ".service")
		return "systemctl start " + unit + "; journalctl -u " + unit + " -n 30 --no-pager"
	case v.Database.Private:
		return "tail -n 30 " + fault.Word(v.stateDir()+"/postgres.log")
	default:
		return "healthagent migrate status   # its error says why"
	}
}

var clusterName = regexp.MustCompile(`^\d+/healthagent$`)

// psql is how a statement is given to the database: as the role itself, or as one who may do everything.
func (v *visit) psql(statement string, super bool) string {
	c, err := v.checkup()
	if err != nil || c.Remote {
		if super {
			return "As a superuser of the database: " + statement
		}
		return "As the role of DATABASE_URL: " + statement
	}
	who := "postgres"
	if !super {
		who = c.Role
	}
	if v.Database.Private {
		return "psql " + fault.Word(withRole(v.Database.URL, who)) + " -c " + fault.Word(statement)
	}
	where := ""
	if dir, _, _ := strings.Cut(c.Sockets, ","); dir != "" && dir != "/var/run/postgresql" && dir != "/run/postgresql" {
		where = " -h " + fault.Word(strings.TrimSpace(dir))
	}
	return "runuser -u " + fault.Word(who) + " -- psql" + where + " -p " + c.Port + " -d " + fault.Word(c.Database) + " -c " + fault.Word(statement)
}

// withRole is an address of the private database with another role.
func withRole(address, role string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	query := u.Query()
	query.Set("user", role)
	u.RawQuery = query.Encode()
	return u.String()
}

// restartDatabase is how the server of the database is started anew.
func (v *visit) restartDatabase() string {
	if c, err := v.checkup(); err == nil && clusterName.MatchString(c.Cluster) {
		version, _, _ := strings.Cut(c.Cluster, "/")
		return "systemctl restart postgresql@" + version + "-healthagent"
	}
	return "systemctl restart postgresql   # or its cluster alone: pg_lsclusters"
}

const (
	oldestMajor = 15
	newestMajor = 18
)

func checkServerVersion(_ *visit, s inspect.Server) answer {
	switch {
	case s.Major < oldestMajor:
		return failure("Move the database to PostgreSQL 15 or newer: 'healthagent backup' here, 'healthagent restore' there.",
			"it is %s, and %d is the oldest supported", s.Version, oldestMajor)
	case s.Major > newestMajor:
		return warning(fmt.Sprintf("Look for a newer healthagent: this one was tested up to PostgreSQL %d.", newestMajor), "it is %s, which this program does not know", s.Version)
	default:
		return well("%s", s.Version)
	}
}

func checkStandby(v *visit, s inspect.Server) answer {
	if s.Recovery {
		return failure("Name the primary in DATABASE_URL, or make this one the primary: "+v.psql("SELECT pg_promote()", true), "it is a standby: nothing can be written")
	}
	return well("it can be written to")
}

func checkPending(v *visit, s inspect.Server) answer {
	var names []string
	for _, x := range s.Settings {
		if x.PendingRestart {
			names = append(names, x.Name)
		}
	}
	if len(names) > 0 {
		return warning(v.restartDatabase(), "changed in its file and not in effect: %s", strings.Join(names, ", "))
	}
	return well("all are in effect")
}

func checkEncoding(_ *visit, c inspect.Checkup) answer {
	if c.Encoding != "UTF8" {
		return failure("Make a database with ENCODING 'UTF8' TEMPLATE template0, and bring the data there with 'healthagent backup' and 'healthagent restore'.",
			"%s: what people write cannot all be stored", c.Encoding)
	}
	return well("%s", c.Encoding)
}

func checkCollation(v *visit, c inspect.Checkup) answer {
	if c.Sorted != "" && c.Collation != "" && c.Sorted != c.Collation {
		name := identifier(c.Database)
		return warning(v.psql("REINDEX DATABASE CONCURRENTLY "+name, true)+"\n"+v.psql("ALTER DATABASE "+name+" REFRESH COLLATION VERSION", true),
			"texts are sorted by version %s, and the indexes were built by %s: they may miss rows", c.Collation, c.Sorted)
	}
	return well("the indexes were built by it")
}

func checkNetwork(v *visit, c inspect.Checkup) answer {
	switch {
	case clusterName.MatchString(c.Cluster) && c.Listen != "":
		return warning(v.psql("ALTER SYSTEM SET listen_addresses = ''", true)+" && "+v.restartDatabase(),
			"our own cluster listens on %s, which nobody needs: its socket serves", c.Listen)
	case c.Remote && !c.Encrypted:
		return warning("Add sslmode=verify-full to DATABASE_URL, or sslmode=require where the server has no certificate that can be verified.",
			"what goes to the database and comes from it is not encrypted on the way")
	case c.Remote:
		return well("the way to the database is encrypted")
	default:
		return well("it is reached on this machine")
	}
}
